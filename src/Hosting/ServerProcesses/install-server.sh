#!/bin/sh
# Installs a package of Debian or Ubuntu for the server in it, which an AppHost starts itself: no daemon starts by being installed, none
# starts at the next boot, and PostgreSQL makes no cluster. Used by the AppHost where it is root, and by hand: sudo sh install-server.sh redis-server
set -u
exec 2>&1
package=$1

# It is not ended with the AppHost: a half configured package is worse than a late one.
trap '' PIPE

# AppHosts that start at the same time.
exec 9</var/lib/dpkg
flock -w 300 9 || { echo 'another installation holds the lock'; exit 75; }
echo "Installing $package."

# What invoke-rc.d asks before it starts a daemon. A policy that was there comes back, however the script ends.
policy=/usr/sbin/policy-rc.d
saved=$policy.apphost
cluster=/etc/postgresql-common/createcluster.d/apphost.conf

installed() { dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p'; }
before=" $(installed | tr '\n' ' ')"

# Not masked: who wants the daemon after all enables it as usual, and an upgrade leaves it as it is.
disable_new() {
  installed | while read -r name; do
    case $before in *" $name "*) continue ;; esac
    dpkg -L "$name" | sed -n 's#^\(/usr\)\{0,1\}/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\|path\)\)$#\2#p' | while read -r unit; do
      echo "No start at boot: $unit"
      if command -v systemctl >/dev/null; then systemctl disable "$unit" >/dev/null 2>&1; fi
      # The same by hand, where there is no systemd now and may be one later.
      find /etc/systemd/system -type l -lname "*/systemd/system/$unit" -exec rm -f {} +
    done
    dpkg -L "$name" | sed -n 's#^/etc/init.d/##p' | while read -r script; do
      echo "No start at boot: /etc/init.d/$script"
      update-rc.d "$script" disable >/dev/null 2>&1
    done
  done
}

finish() {
  disable_new
  rm -f $policy $cluster
  if [ -e $saved ]; then mv $saved $policy; fi
  rmdir /etc/postgresql-common/createcluster.d /etc/postgresql-common 2>/dev/null
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# One of ours is left of a script that was killed.
if [ -e $policy ] && ! grep -q 'an AppHost installs' $policy; then mv $policy $saved; fi
printf '#!/bin/sh\n# While an AppHost installs a server.\nexit 101\n' >$policy
chmod 755 $policy
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >$cluster

export DEBIAN_FRONTEND=noninteractive
install() { timeout -k 10 300 apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$package"; }
if ! apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then timeout -k 10 300 apt-get update; fi
install || { timeout -k 10 300 apt-get update && install; }
