# ruff: noqa: E501 - a table reads best with a row a line
"""Compose files that would hurt: for each refusal its code and the ways to spell it that Compose understands.

``Service`` adds lines to the service, ``Top`` to the file; ``Beside`` lays other files, links or pipes in the server's
directory, so that the file is one that was put there by hand.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from servers.tests.conftest import compose_text

FOREIGN_LABELS = [
    "traefik.enable", "com.centurylinklabs.watchtower.enable", "ofelia.job-exec.x.command", "caddy", "caddy_0.reverse_proxy", "autoheal", "deunhealth.restart.on.unhealthy",
    "diun.enable", "com.docker.compose.project", "io.portainer.accesscontrol.public", "docker-volume-backup.stop-during-backup", "swarm.cronjob.enable", "homepage.group",
    "wud.watch", "com.github.nginx-proxy.x", "com.ouroboros.enable", "dockflare.enable", "org.opencontainers.imagex.a", "net.unraid.docker.webui", "kuma.x.http.url",
]
OTHER = "  other:\n    image: itzg/minecraft-server:java21\n"


@dataclass(frozen=True)
class Hostile:
    """One file: the text, and what lies beside it (content; ``-> target`` a link, ``|`` a pipe)."""

    service: str = ""
    top: str = ""
    files: dict[str, str] = field(default_factory=dict)
    text: str = ""
    replace: tuple[str, str] = ("", "")

    def written(self, server_id: str) -> str:
        if self.text:
            return self.text
        text = compose_text(server_id)
        if self.replace[0]:
            assert self.replace[0] in text
            text = text.replace(*self.replace)
        body = "".join(f"    {line}\n" for line in self.service.splitlines())
        return f"{text}{body}{self.top}"

    def lay(self, directory: Path, server_id: str) -> None:
        (directory / "data").mkdir(parents=True)
        (directory / "compose.yaml").write_text(self.written(server_id))
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content.startswith("-> "):
                path.symlink_to(content[3:])
            elif content == "|":
                os.mkfifo(path)
            else:
                path.write_text(content)


def s(line: str, **more: object) -> Hostile:
    return Hostile(service=line, **more)  # type: ignore[arg-type]


def t(top: str, service: str = "", **more: object) -> Hostile:
    return Hostile(top=f"{top}\n", service=service, **more)  # type: ignore[arg-type]


def volume(text: str) -> Hostile:
    return Hostile(replace=("      - ./data:/data\n", f"      - ./data:/data\n      - {text}\n"))


def merged(line: str) -> Hostile:
    """The same by an anchor under ``x-`` and a merge."""
    return Hostile(service="<<: *bad", text="", top="", replace=("services:\n", f"x-bad: &bad\n  {line}\nservices:\n"))


def extended(line: str) -> Hostile:
    """The same by another service of the file, which does not run."""
    base = f"  base:\n    {line}\n    image: itzg/minecraft-server\n    profiles: [never]\n"
    return Hostile(service="extends: {service: base}", top=base)


PRIVILEGED = "services:\n  mc:\n    privileged: true\n"

TABLE: dict[str, tuple[str, list[Hostile]]] = {
    "privileged": ("privileged", [s("privileged: true"), merged("privileged: true"), s("privileged: ${NO:-true}"), extended("privileged: true")]),
    "capabilities": ("cap_add", [s("cap_add: [SYS_ADMIN]"), s("cap_add:\n  - ALL"), merged("cap_add: [NET_ADMIN]"), s('cap_add: ["${C:-SYS_PTRACE}"]')]),
    "devices": ("devices", [s("devices: [/dev/sda]"), s("devices:\n  - {source: /dev/mem, target: /dev/mem, permissions: rwm}"), merged("devices: ['/dev/kmsg']")]),
    "device rules": ("devices", [s("device_cgroup_rules: ['a *:* rwm']"), merged("device_cgroup_rules: ['b 8:* rwm']")]),
    "gpus": ("devices", [s("gpus: all"), s("deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}")]),
    "runtime": ("runtime", [s("runtime: nvidia"), s("runtime: ${R:-kata}"), merged("runtime: sysbox-runc")]),
    "host network": ("network_mode", [s("network_mode: host"), s('network_mode: "${N-host}"'), merged("network_mode: host"), extended("network_mode: host")]),
    "foreign network": ("network_mode", [s("network_mode: container:other"), s('network_mode: "container:${N:-other}"')]),
    "host processes": ("pid", [s("pid: host"), s("pid: container:other"), merged("pid: host")]),
    "host ipc": ("ipc", [s("ipc: host"), s("ipc: container:other"), merged("ipc: host")]),
    "host users": ("userns_mode", [s("userns_mode: host"), s("userns_mode: ${U:-host}")]),
    "host name": ("uts", [s("uts: host"), merged("uts: host")]),
    "host cgroup": ("cgroup", [s("cgroup: host"), merged("cgroup: host")]),
    "cgroup parent": ("cgroup_parent", [s("cgroup_parent: /"), s("cgroup_parent: ${P:-system.slice}")]),
    "no seccomp": ("security_opt", [s("security_opt: [seccomp=unconfined]"), s("security_opt:\n  - seccomp:unconfined"), merged("security_opt: ['seccomp:unconfined']")]),
    "no apparmor": ("security_opt", [s("security_opt: ['apparmor:unconfined']"), s("security_opt: ['apparmor=unconfined']")]),
    "own seccomp": ("security_opt", [s("security_opt: ['seccomp:./s.json']"), s("security_opt: ['systempaths=unconfined']")]),
    "new privileges": ("security_opt", [s("security_opt: ['no-new-privileges:false']"), s("security_opt: ['label:disable']")]),
    "sysctls": ("sysctls", [s("sysctls: {net.ipv4.ip_forward: 1}"), s("sysctls:\n  - kernel.shmmax=1")]),
    "volumes of others": ("volumes_from", [s("volumes_from: [container:other]"), s("volumes_from: ['container:other:ro']")]),
    "the root": ("bind_outside", [volume("/:/host"), volume("{type: bind, source: /, target: /host}"), volume("${R:-/}:/host"), volume('"/:/host:ro"')]),
    "docker's socket": ("bind_outside", [volume("/var/run/docker.sock:/s"), volume("{type: bind, source: /run/docker.sock, target: /s}"), volume("${S:-/var/run/docker.sock}:/s")]),
    "home": ("bind_outside", [volume("~/.ssh:/s"), volume("{type: bind, source: ~/.ssh, target: /s}")]),
    "above": ("bind_outside", [volume("../..:/up"), volume("./data/../../:/up"), volume("{type: bind, source: .., target: /up}")]),
    "itself": ("bind_outside", [volume(".:/me"), volume("./:/me"), volume("{type: bind, source: ., target: /me}")]),
    "inside data": ("bind_in_data", [volume("./data/world:/w"), volume("{type: bind, source: ./data/x, target: /w}"), volume("./x/../data/w:/w")]),
    "a link": ("bind_link", [Hostile(replace=volume("./etc:/e").replace, files={"etc": "-> /etc"}), Hostile(replace=volume("./a/b:/e").replace, files={"a": "-> /var"})]),
    "below what is written": ("bind_nested", [
        Hostile(replace=("./data:/data\n", "./data:/data\n      - ./p:/p\n      - ./p/x:/x\n")),
        Hostile(replace=("./data:/data\n", "./data:/data\n      - {type: bind, source: ./p/x/y, target: /x}\n      - ./p:/p\n")),
    ]),
    "what decides": ("bind_control", [volume("./compose.yaml:/c"), volume("./.env:/c"), volume("{type: bind, source: ./compose.override.yaml, target: /c}")]),
    "what may decide one day": ("bind_control", [
        s("env_file: [{path: q/x.env, required: false}]", replace=("./data:/data\n", "./data:/data\n      - ./q:/q\n")),
        t("include: [q/i.yaml]", replace=("./data:/data\n", "./data:/data\n      - ./q/.env:/q\n"), files={"q/i.yaml": "services: {}\n"}),
    ]),
    "spreading mounts": ("bind_propagation", [volume("{type: bind, source: ./p, target: /p, bind: {propagation: rshared}}"), volume("./p:/p:rslave")]),
    "strange mounts": ("mount_type", [volume("{type: npipe, source: x, target: /x}"), volume("{type: cluster, source: x, target: /x}")]),
    "an image's files": ("image_not_allowed", [volume("{type: image, source: evil, target: /x}"), volume("{type: image, source: '${I:-evil}', target: /x}")]),
    "volume that is a bind": ("volume_driver", [
        t("volumes:\n  vol:\n    driver_opts: {type: none, o: bind, device: /}", replace=volume("vol:/v").replace),
        t("x-o: &o {type: none, o: bind, device: /}\nvolumes:\n  vol: {driver: local, driver_opts: *o}", replace=volume("vol:/v").replace),
    ]),
    "foreign volume driver": ("volume_driver", [
        t("volumes:\n  vol: {driver: sshfs}", replace=volume("vol:/v").replace), t("volumes:\n  vol: {driver: '${D:-rclone}'}", replace=volume("vol:/v").replace),
    ]),
    "foreign volume": ("external", [
        t("volumes:\n  vol: {external: true}", replace=volume("vol:/v").replace), t("volumes:\n  vol: {name: other_world}", replace=volume("vol:/v").replace),
    ]),
    "another image beside": ("image_not_allowed", [t("  o: {image: busybox}"), t("  o:\n    image: ${I:-busybox}"), t("  o: {image: busybox, profiles: [x]}")]),
    "an image that looks right": ("image_not_allowed", [
        t("  o: {image: evil.example/itzg/minecraft-server}"), t("  o: {image: itzg/minecraft-server.evil/x}"), t("  o: {image: itzg/minecraft-servers}"),
        t("  o: {image: 'evil:5000/itzg/minecraft-server:java21'}"), t("  o: {image: docker.io/docker.io/itzg/minecraft-server}"),
    ]),
    "no image": ("build", [s("build: ."), s("build: {context: ., dockerfile_inline: 'FROM x'}"), merged("build: https://evil.example/x.git"), t("  o: {build: .}")]),
    "built when pulled": ("build", [s("pull_policy: build"), s("pull_policy: ${P:-build}")]),
    "hook after the start": ("hook", [s("post_start: [{command: id, user: root, privileged: true}]"), merged("post_start: [{command: id}]")]),
    "hook before the end": ("hook", [s("pre_stop: [{command: id}]"), extended("pre_stop: [{command: id}]")]),
    "provider": ("provider", [t("  p: {provider: {type: evil}}"), t("  p:\n    provider:\n      type: ./evil.sh\n      options: {a: b}")]),
    "docker's own socket": ("use_api_socket", [s("use_api_socket: true"), merged("use_api_socket: true")]),
    "models": ("models", [t("models:\n  m: {model: ai/x}"), s("models: [m]")]),
    "credential spec": ("credential_spec", [s("credential_spec: {file: ./x}"), s("credential_spec: {registry: x}")]),
    "develop": ("develop", [s("develop: {watch: [{path: /etc, action: sync, target: /x}]}"), merged("develop: {watch: []}")]),
    "annotations": ("annotations", [s("annotations: {run.oci.systemd.subgroup: x}"), s("annotations: ['org.systemd.property.X=1']")]),
    "links out": ("external_links", [s("external_links: [other]"), s("external_links:\n  - other:db")]),
    "logs elsewhere": ("logging", [s("logging: {driver: syslog, options: {syslog-address: 'tcp://10.0.0.1:514'}}"), s("logging:\n  driver: ${L:-gelf}"), s("logging: {options: {x: y}}")]),
    "logs in the host's journal": ("logging", [
        s("logging: {driver: journald}"), s("logging: {driver: '${L:-journald}'}"), s("logging: {driver: none}"), s("logging: {options: {tag: sshd}}"),
        s("logging: {driver: json-file, options: {labels: a, max-size: 1m}}"), s("logging: {driver: local, options: {env: HOME}}"), merged("logging: {driver: journald, options: {tag: sudo}}"),
        extended("logging: {options: {env-regex: '.*'}}"), Hostile(service="logging: *l", replace=("services:\n", "x-l: &l {driver: journald}\nservices:\n")),
    ]),
    "the bridge of all": ("network_mode", [s("network_mode: bridge"), s("network_mode: ${N:-bridge}"), merged("network_mode: bridge"), extended("network_mode: bridge"), s("network_mode: default")]),
    "orders to other software": ("labels", [
        *(s(f"labels: {{{label}: 'x'}}") for label in FOREIGN_LABELS), *(s(f"labels: ['{label}=x']") for label in FOREIGN_LABELS[:4]),
        s("deploy: {labels: {traefik.enable: 'true'}}"), s("deploy: {labels: ['ofelia.enabled=true']}"), merged("labels: {traefik.enable: 'true'}"), extended("labels: ['caddy=x.example']"),
        s("labels: ['${L:-traefik.enable}=true']"), s("labels: ['traefik.enable=${V:-true}', 'note=x']"), s("labels: {Traefik.Enable: 'x', ' traefik.enable': 'x'}"),
        s("label_file: l.txt", files={"l.txt": "note=x\ntraefik.enable=true\n"}), s("label_file: [./l.txt]", files={"l.txt": "com.centurylinklabs.watchtower.enable=true\n"}),
        s("tty: true", files={"compose.override.yaml": "services:\n  mc:\n    labels: [diun.enable=true]\n"}),
        t("volumes:\n  vol: {labels: {docker-volume-backup.stop-during-backup: x}}", replace=volume("vol:/v").replace), t("volumes:\n  vol: {labels: ['swarm.cronjob.enable=true']}", replace=volume("vol:/v").replace),
        t("networks:\n  n: {labels: {traefik.enable: 'true'}}", service="networks: [n]"), t("networks:\n  default: {labels: [caddy.x=y]}"),
        t("configs:\n  c: {content: x, labels: {traefik.enable: 'x'}}", service="configs: [c]"),
        Hostile(replace=volume("{type: volume, source: vol, target: /v, volume: {labels: {traefik.enable: x}}}").replace, top="volumes: {vol: {}}\n"),
    ]),
    "orders by the environment": ("host_software", [
        *(Hostile(replace=("    environment:\n", f"    environment:\n      {name}: x\n")) for name in ("VIRTUAL_HOST", "LETSENCRYPT_HOST", "virtual_port", "SERVICE_NAME", "ACME_HTTP_CHALLENGE_LOCATION")),
        t("  o: {image: itzg/minecraft-server, environment: ['VIRTUAL_HOST=panel.example']}"), s("env_file: v.env", files={"v.env": "A=1\nVIRTUAL_HOST=x\n"}),
    ]),
    "docker's labels": ("labels", [s("labels: {com.docker.stack.namespace: x}"), s("labels: ['com.docker.swarm.x=y']")]),
    "spared by the kernel": ("oom", [s("oom_kill_disable: true"), s("oom_score_adj: -1000"), s("oom_score_adj: ${O:--500}")]),
    "many": ("replicas", [
        t("  o: {image: itzg/minecraft-server, deploy: {replicas: 50}}"), t("  o: {image: itzg/minecraft-server, scale: 50}"), s("deploy: {mode: global}"),
    ]),
    "another project": ("project_name", [t("name: other"), t("name: ${N:-other}")]),
    "include from the net": ("reference_not_plain", [
        t("include: ['https://evil.example/c.yaml']"), t("include: ['git@evil.example:x/y.git']"), t("include: ['oci://evil.example/x']"),
        t("include: [github.com/evil/x]"), t("include: [{path: ['https://evil.example/c.git']}]"), t("include:\n  - path: https://evil.example/c.yaml"),
    ]),
    "include of another place": ("reference_not_plain", [t("include: [/etc/x.yaml]"), t("include: [../other/compose.yaml]"), t("include: ['${I:-/etc/x}']"), t("include: /etc/x.yaml")]),
    "include with options": ("include_options", [t("include: [{path: ./i.yaml, project_directory: /}]"), t("include: [{path: ./i.yaml, env_file: /etc/passwd}]")]),
    "include of two folders": ("include_options", [  # Compose counts the second's paths from the first's folder
        t("include: [{path: [a/i.yaml, b/i.yaml]}]", files={"a/i.yaml": "{}", "a/s": "-> /etc/shadow", "b/s": "", "b/i.yaml": "secrets: {c: {file: s}}\n"}),
        t("include:\n  - path:\n      - i.yaml\n      - ./b/i.yaml", files={"i.yaml": "{}", "x.env": "-> /etc/shadow", "b/x.env": "", "b/i.yaml": "services: {o: {image: itzg/minecraft-server, env_file: x.env}}\n"}),
    ]),
    "include of something bad": ("privileged", [
        t("include: [i.yaml]", files={"i.yaml": "services:\n  o: {image: itzg/minecraft-server, privileged: true}\n"}),
        t("include: [./sub/i.yaml]", files={"sub/i.yaml": "include: [j.yaml]\n", "sub/j.yaml": "services:\n  o: {image: itzg/minecraft-server, privileged: true}\n"}),
    ]),
    "include in data": ("reference_in_data", [t("include: [data/i.yaml]", files={"data/i.yaml": "a: 1"}), t("include: [./sub/../data/i.yaml]".replace("./sub/../", "./"), files={"data/i.yaml": "a: 1"})]),
    "extends from the net": ("reference_not_plain", [s("extends: {file: 'https://evil.example/c.yaml', service: x}"), s("extends:\n  service: x\n  file: git@evil.example:x.git")]),
    "extends of another place": ("reference_not_plain", [s("extends: {file: /etc/c.yaml, service: x}"), s("extends: {file: ../other/compose.yaml, service: mc}"), merged("extends: {file: ~/x.yaml, service: x}")]),
    "extends of something bad": ("hook", [
        s("extends: {file: e.yaml, service: x}", files={"e.yaml": "services:\n  x: {post_start: [{command: id}]}\n"}),
        s("extends: {file: ./sub/e.yaml, service: x}", files={"sub/e.yaml": "services:\n  x:\n    pre_stop: [{command: id}]\n"}),
    ]),
    "variables of a system file": ("reference_not_plain", [
        s("env_file: /etc/passwd"), s("env_file: [/etc/shadow]"), s("env_file: [{path: /etc/shadow, required: false}]"), s("env_file: ../../x"),
        s("env_file: ${E:-/etc/passwd}"), merged("env_file: /etc/passwd"), extended("env_file: /etc/passwd"),
    ]),
    "variables in data": ("reference_in_data", [s("env_file: data/x.env", files={"data/x.env": "A=1"}), s("env_file: [./data/x.env]", files={"data/x.env": "A=1"})]),
    "variables by a link": ("reference_not_regular", [s("env_file: x.env", files={"x.env": "-> /etc/passwd"}), s("env_file: a/x.env", files={"a": "-> /etc", "b": ""})]),
    "variables by a pipe": ("reference_not_regular", [s("env_file: x.env", files={"x.env": "|"}), s("label_file: x.env", files={"x.env": "|"})]),
    "labels of a system file": ("reference_not_plain", [s("label_file: /etc/passwd"), s("label_file: [/etc/shadow]"), s("label_file: ../x")]),
    "config of a system file": ("reference_not_plain", [t("configs:\n  c: {file: /etc/shadow}", service="configs: [c]"), t("configs:\n  c:\n    file: ${F:-/etc/shadow}", service="configs: [c]")]),
    "secret of a system file": ("reference_not_plain", [t("secrets:\n  c: {file: /etc/shadow}", service="secrets: [c]"), t("secrets:\n  c: {file: ../../id_rsa}", service="secrets: [c]")]),
    "secret by a link": ("reference_not_regular", [
        t("secrets:\n  c: {file: ./l}", service="secrets: [c]", files={"l": "-> /etc/shadow"}), t("configs:\n  c: {file: d/l}", service="configs: [c]", files={"d": "-> /etc"}),
    ]),
    "foreign secret": ("external", [t("secrets:\n  c: {external: true}", service="secrets: [c]"), t("configs:\n  c: {external: true, name: x}", service="configs: [c]")]),
    "secret of the panel": ("panel_variable", [
        t("secrets:\n  c: {environment: HOME}", service="secrets: [c]"), t("configs:\n  c: {environment: HOME}", service="configs: [c]"),
        t("secrets:\n  c: {environment: '${X:-HOME}'}", service="secrets: [c]"),
    ]),
    "variable of the panel": ("panel_variable", [
        s("hostname: $HOME"), s("hostname: ${HOME:-x}"), s("privileged: ${HOME:+false}"), Hostile(replace=("    environment:\n", "    environment:\n      HOME:\n")),
        s("hostname: x", files={".env": "A=${HOME}\n"}), s("hostname: x", files={".env": "A='x' HOME\n"}),
    ]),
    "Compose's variables": ("compose_variable", [
        s("tty: true", files={".env": "COMPOSE_FILE=/etc/x.yaml\n"}), s("tty: true", files={".env": "A=1\nexport COMPOSE_PROJECT_NAME=other\n"}),
        s("tty: true", files={".env": "  DOCKER_HOST = tcp://evil:2375\n"}), s("tty: true", files={".env": "A='x' COMPOSE_FILE=/etc/x.yaml\n"}),
        s("tty: true", files={".env": 'A="x"COMPOSE_PROFILES=y\n'}),
    ]),
    ".env elsewhere": ("reference_not_regular", [s("tty: true", files={".env": "-> /etc/environment"}), s("tty: true", files={".env": "|"})]),
    "a bad override": ("privileged", [s("tty: true", files={"compose.override.yaml": PRIVILEGED}), s("tty: true", files={"docker-compose.override.yml": PRIVILEGED})]),
    "foreign network by name": ("external", [t("networks:\n  n: {external: true}", service="networks: [n]"), t("networks:\n  n: {name: other_default}", service="networks: [n]"), t("networks:\n  default: {name: bridge}")]),
    "network of the host": ("network", [
        t("networks:\n  n: {driver: macvlan, driver_opts: {parent: eth0}}", service="networks: [n]"), t("networks:\n  n: {driver: host}", service="networks: [n]"),
        t("networks:\n  default: {driver_opts: {com.docker.network.bridge.name: docker0}}"),
    ]),
    "addresses of others": ("network", [t("networks:\n  default: {ipam: {config: [{subnet: 0.0.0.0/1}]}}"), t("networks:\n  n: {ipam: {driver: x}}", service="networks: [n]")]),
    "unknown keys": ("unknown_key", [s("blkio_config: {weight: 300}"), s("storage_opt: {size: 1G}"), s("isolation: hyperv"), t("secretz: {}"), merged("isolation: x")]),
    "another server's name": ("foreign_name", [t("  o: {image: itzg/minecraft-server, container_name: mc-other}"), t("  o:\n    image: itzg/minecraft-server\n    container_name: ${N:-mc-other}")]),
    "second document": ("documents", [t("---\nservices: {mc: {privileged: true}}"), t("...\n---\nservices: {}")]),
    "tags": ("tag", [s("ports: !reset []"), s("volumes: !override ['/:/host']"), t("x-a: !!python/name:os.system ''")]),
    "merge in quotes": ("quoted_merge", [t("x-b: &b {privileged: true}", replace=("    container_name", "    '<<': {privileged: true}\n    container_name")), s('"<<": {privileged: true}')]),
    "file by a link": ("compose_link", [s("tty: true", files={"compose.yaml": "-> data/c.yaml", "data/c.yaml": PRIVILEGED}), s("tty: true", files={"compose.yaml": "-> other.yaml", "other.yaml": PRIVILEGED})]),
}
