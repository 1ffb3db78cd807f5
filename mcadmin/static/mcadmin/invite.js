// An invitation: sends the token of the link's fragment with a name and a password. The token is in no address we ask
// the browser to keep: once the account is made, it leaves the address bar, too.
"use strict";

const form = document.getElementById("invite");
const problem = document.getElementById("problem");
const value = (id) => document.getElementById(id).value;
const silent = "MC Admin does not answer. Is it still running?";
const address = () => {
  const token = location.hash.slice(1);
  return /^[A-Za-z0-9_-]{43}$/.test(token) ? `/api/invitations/${token}` : null;
};

const look = async () => {
  problem.textContent = "";
  form.hidden = true;
  if (address() === null) {
    problem.textContent = "This link is not whole. Open it as it was sent to you.";
    return;
  }
  try {
    const answer = await fetch(address());
    form.hidden = !answer.ok;
    if (!answer.ok) problem.textContent = (await answer.json()).detail;
  } catch {
    problem.textContent = silent;
  }
};

const welcome = (joined) => {
  form.hidden = true;
  history.replaceState(null, "", "/invite");
  document.getElementById("lead").textContent = `Your account is ready, and you are signed in as ${joined.user.username}.`;
  const list = document.getElementById("warnings");
  for (const warning of joined.warnings) list.appendChild(document.createElement("li")).textContent = warning;
  const on = document.getElementById("on");
  if (on) on.hidden = false;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  if (value("password") !== value("again")) {
    problem.textContent = "The two passwords differ.";
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(address(), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: value("username"), password: value("password") }),
    });
    if (answer.ok) {
      welcome(await answer.json());
      return;
    }
    problem.textContent = (await answer.json()).detail;
  } catch {
    problem.textContent = silent;
  }
  button.disabled = false;
});

addEventListener("hashchange", look);
look();
