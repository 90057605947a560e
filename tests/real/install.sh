#!/bin/sh
# What tests/real/ needs, on Debian, as root: WordPress, PHP, MariaDB's server alone (no service is started), a clock that
# can be set; site generators and Plone in venvs of their own, in the versions that were tried.
set -eu
cd "$(dirname "$0")"

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then # WordPress wants a web server to be installed: it is not to be started
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# Each Debian has another theme; it is the one that its WordPress recommends.
theme=$(apt-cache depends wordpress | sed -n 's/.*Recommends: \(wordpress-theme-[a-z]*\)$/\1/p' | head -n 1)
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    wordpress wordpress-l10n "$theme" mini-httpd php php-cgi php-cli php-curl php-mbstring php-mysql php-xml \
    mariadb-server-core faketime >/dev/null

for name in generators plone; do
    [ -x ".venv/$name/bin/python" ] || "${PYTHON:-python3}" -m venv ".venv/$name"
done
.venv/generators/bin/python -m pip install -q --disable-pip-version-check -r generators.txt
.venv/plone/bin/python -m pip install -q --disable-pip-version-check -r plone/requirements.txt
