// The first owner: sends the code of the link with a name and a password, then goes to the admin site, signed in.
"use strict";

const form = document.getElementById("setup");
const problem = document.getElementById("problem");
const value = (id) => document.getElementById(id).value;

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
    const code = new URLSearchParams(location.search).get("code") || "";
    const answer = await fetch("/api/auth/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, username: value("username"), password: value("password") }),
    });
    if (answer.ok) {
      location.replace(form.dataset.done);
      return;
    }
    problem.textContent = (await answer.json()).detail;
  } catch {
    problem.textContent = "MC Admin does not answer. Is it still running?";
  }
  button.disabled = false;
});
