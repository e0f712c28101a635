/** The Debian package's control file and maintainer scripts (Debian Policy chapters 5 and 6). */

/** The control file. @param installedKib what it takes on disk, in KiB */
export function control(version: string, arch: string, installedKib: number): string {
  return `Package: haproxy-jwt
Version: ${version}
Architecture: ${arch}
Maintainer: haproxy-jwt developers <haproxy-jwt@localhost>
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.28), init-system-helpers (>= 1.52), passwd, haproxy (>= 2.6), lua-cjson, lua-luaossl
Section: net
Priority: optional
Description: verifies JSON Web Tokens in HAProxy and takes them back
 A Lua script in HAProxy and one server beside it verify the tokens of
 requests, tell the upstream what they say, and revoke them: a rule is in
 force in every HAProxy thread milliseconds after it was written.
`;
}

/** Sets up user, folder and key; starts our own service and never touches HAProxy's. */
export const POSTINST = `#!/bin/sh
set -e

KEY=/etc/haproxy-jwt/verifier.key
STATE=/var/lib/haproxy-jwt

[ "$1" = configure ] || exit 0

if ! getent passwd haproxy-jwt >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir "$STATE" \\
    --shell /usr/sbin/nologin haproxy-jwt
fi
[ -d "$STATE" ] || install -d -o haproxy-jwt -g haproxy-jwt -m 0700 "$STATE"
if [ ! -e "$KEY" ]; then
  (umask 077; head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' >"$KEY")
  # HAProxy reads it: its package comes before this one, and its group with it.
  chown root:haproxy "$KEY"
  chmod 0640 "$KEY"
fi

deb-systemd-helper unmask haproxy-jwt.service >/dev/null || true
if deb-systemd-helper --quiet was-enabled haproxy-jwt.service; then
  deb-systemd-helper enable haproxy-jwt.service >/dev/null || true
else
  deb-systemd-helper update-state haproxy-jwt.service >/dev/null || true
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  if [ -n "$2" ]; then action=restart; else action=start; fi
  deb-systemd-invoke $action haproxy-jwt.service >/dev/null || true
fi
if [ -z "$2" ]; then
  echo "haproxy-jwt: name your keys in /etc/haproxy-jwt/haproxy-jwt.toml; HAProxy was not touched."
fi
`;

/** Stops our own service before its files go. */
export const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop haproxy-jwt-backup.timer haproxy-jwt.service >/dev/null || true
fi
`;

/** Data, key and user go with a purge only. */
export const POSTRM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  rm -rf /var/lib/haproxy-jwt /etc/haproxy-jwt
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper purge haproxy-jwt.service >/dev/null || true
    deb-systemd-helper unmask haproxy-jwt.service >/dev/null || true
  fi
  if getent passwd haproxy-jwt >/dev/null; then
    userdel haproxy-jwt >/dev/null 2>&1 || true
  fi
fi
`;
