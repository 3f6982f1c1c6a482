# In the maintainer scripts in place of a line that names this file. $DPKG_ROOT is the tree they work on.
root="${DPKG_ROOT:-}"
state="$root/var/lib/tsresolved"
resolv_conf="$root/etc/resolv.conf"
nsswitch="$root/etc/nsswitch.conf"
runtime="$root/run/systemd/resolve"
dropin="$root/etc/tsresolved.conf.d/90-former-resolv-conf.conf"
link=../run/systemd/resolve/stub-resolv.conf
# The same file by a name that systemd-resolved's postrm does not take for its own: that would remove the link, and names
# with it until it has made a file.
detour=../run/systemd/resolve/../resolve/stub-resolv.conf
other=systemd-resolved.service
# What that had found when it came; its own removal takes it away, which the detour spares it.
before_other="$root/etc/.resolv.conf.systemd-resolved.bak"
kept_unit=/run/systemd/system/$other
replacing=/run/systemd/system/tsresolved.service.d
interim=tsresolved-interim.service
interim_unit=/run/systemd/system/$interim
type_dropin="$root/usr/lib/systemd/system/tsresolved.service.d/notify-reload.conf"

units='tsresolved-varlink.socket tsresolved-monitor.socket tsresolved.service'

say() { echo "tsresolved: $*" >&2; }

# Whether systemd is what runs here, so that services can be started.
has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

is_active() { has_systemd && systemctl --quiet is-active tsresolved.service; }

# Whether the resolver that is replaced runs. Where our unit is loaded, that name may be one of ours.
other_is_active() {
  has_systemd && systemctl --quiet is-active $other && [ "$(systemctl show -P Id $other)" = $other ]
}

leads_to_stub() {
  case "$(readlink "$resolv_conf" 2>/dev/null)" in
    "$link" | "$detour" | /run/systemd/resolve/stub-resolv.conf) true ;;
    *) false ;;
  esac
}

has_servers() { [ -s "$1" ] && grep -q '^[[:space:]]*nameserver[[:space:]]' "$1"; }

# What a file lists, without local resolvers, which are us or whom we follow.
servers_of() { sed -n 's/^[[:space:]]*nameserver[[:space:]]\{1,\}\([^[:space:]#;]*\).*/\1/p' "$1" | grep -v '^127\.' || true; }
domains_of() { sed -n 's/^[[:space:]]*\(search\|domain\)[[:space:]]\{1,\}\([^#;]*\).*/\2/p' "$1" | tail -n 1; }

# Puts $1 in the place of $2 in one step; fails where that cannot be, e.g. on a mount point or an immutable file.
put() { mv -fT "$1" "$2" 2>/dev/null || { rm -f "$1"; false; }; }

# What resolvers of this kind write: it names no server that they do not know.
is_resolvers() { [ -f "$1" ] && [ ! -L "$1" ] && grep -q '^# This is /run/systemd/resolve/.* managed by' "$1"; }

# The resolver that is replaced goes on answering until ours does, though its package goes first: that cannot stop it, as its
# unit, which stays in /run, refuses to be.
keep_other() {
  other_is_active && ! is_active || return 1
  unit=$(systemctl show -P FragmentPath $other)
  case "$unit" in
    /lib/* | /usr/lib/*) sed '/^\[Unit\]/a RefuseManualStop=yes' "$unit" >$kept_unit ;;
    "$kept_unit") ;;
    *) return 1 ;;
  esac
  systemctl --system daemon-reload || true
  say "systemd-resolved goes on answering until tsresolved does; that it cannot be stopped before is as it should be."
  leads_to_stub || return 0
  ln -sf "$detour" "$resolv_conf.tsresolved"
  put "$resolv_conf.tsresolved" "$resolv_conf" || true
}

# Programs ask the resolver that goes on, or, should it end after all, e.g. by a reboot, the servers of the uplinks.
end_detour() {
  [ "$(readlink "$resolv_conf")" = "$detour" ] && [ -f "$resolv_conf" ] || return 1
  { cat "$resolv_conf"; grep '^nameserver' "$runtime/resolv.conf"; } >"$resolv_conf.tsresolved" || true
  put "$resolv_conf.tsresolved" "$resolv_conf"
}

# Where it shall not lead to ours: what systemd-resolved would have left.
leave_resolv_conf() {
  is_resolvers "$resolv_conf" && has_servers "$runtime/resolv.conf" || return 0
  cp "$runtime/resolv.conf" "$resolv_conf.tsresolved"
  put "$resolv_conf.tsresolved" "$resolv_conf" || true
}

# Sets $failed where it could not be; not to start it at all may be the machine's policy.
start_ours() { deb-systemd-invoke "$1" tsresolved.service >/dev/null 2>&1 || is_active || failed=yes; }

# Ours begins to answer while the other one still does. It is loaded under the other's name too, and systemd would mix up two
# of which one runs: so until the other has ended, one of ours answers that has a name of its own.
replace_other() {
  cat >$interim_unit <<END
[Unit]
Description=tsresolved, while it takes the place of systemd-resolved
[Service]
Type=notify
User=systemd-resolve
AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW
RuntimeDirectory=tsresolved-interim
Environment=DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent
ExecStartPre=-/bin/cp -r /run/systemd/resolve/netif /run/tsresolved-interim/
ExecStart=/usr/sbin/tsresolved --replace --runtime-dir=/run/tsresolved-interim
END
  systemctl --system daemon-reload || true
  if may_start && systemctl start $interim; then
    end_other
    mkdir -p $replacing
    printf '[Service]\nExecStart=\nExecStart=/usr/sbin/tsresolved --replace\n' >$replacing/replace.conf
    systemctl --system daemon-reload || true
    start_ours start
    rm -rf $replacing
    is_active && systemctl stop $interim
  elif may_start; then
    failed=yes
  fi
  [ -n "$failed" ] || rm -f $interim_unit
  systemctl --system daemon-reload || true
}

may_start() {
  [ ! -x /usr/sbin/policy-rc.d ] || { /usr/sbin/policy-rc.d tsresolved.service start >/dev/null 2>&1 || [ $? -ne 101 ]; }
}

# By its own unit still: the name is then one of ours.
end_other() {
  [ ! -e $kept_unit ] || sed -i '/^RefuseManualStop=/d' $kept_unit
  systemctl --system daemon-reload || true
  systemctl stop $other || true
  rm -f $kept_unit
}

# Names go to the uplink servers directly while nobody answers at 127.0.0.53.
bridge() {
  if leads_to_stub && has_servers "$runtime/resolv.conf" && ! is_active; then
    cp "$runtime/resolv.conf" "$runtime/stub-resolv.conf.bridge" && put "$runtime/stub-resolv.conf.bridge" "$runtime/stub-resolv.conf" || true
  fi
}

# The state before the first installation. Nothing is saved twice: what comes later is ours.
save_former() {
  [ ! -e "$state/pending" ] || return 0
  mkdir -p "$state"
  rm -f "$state/resolv.conf" "$state/resolv.conf.absent" "$state/hosts"
  if [ -e "$resolv_conf" ] || [ -L "$resolv_conf" ]; then cp -a "$resolv_conf" "$state/resolv.conf"; else : >"$state/resolv.conf.absent"; fi
  if [ -e "$nsswitch" ]; then sed -n '/^hosts:/p' "$nsswitch" >"$state/hosts"; fi
  : >"$state/pending"
}

# Servers that only the former file knew are not lost: they are asked where nobody else is known. NetworkManager tells its
# own to whom the file leads, and what resolvers have written says what we know anyhow.
carry_servers() {
  [ -f "$resolv_conf" ] && [ ! -e "$dropin" ] || return 0
  ! is_resolvers "$resolv_conf" && ! grep -qi '^#.*networkmanager' "$resolv_conf" || return 0
  servers=$(servers_of "$resolv_conf" | tr '\n' ' ')
  [ -n "$servers" ] || return 0
  mkdir -p "${dropin%/*}"
  {
    echo '# Made when tsresolved was installed, from the /etc/resolv.conf of before; goes when it is removed.'
    echo '[Resolve]'
    echo "FallbackDNS=${servers% }"
    domains=$(domains_of "$resolv_conf")
    [ -z "$domains" ] || echo "Domains=$domains"
  } >"$dropin"
  if is_active; then systemctl reload tsresolved.service || true; fi
}

take_resolv_conf() {
  if leads_to_stub; then return 0; fi
  carry_servers
  if ! is_active && [ ! -e "$runtime/stub-resolv.conf" ] && [ -f "$resolv_conf" ]; then # e.g. while an image is built
    mkdir -p "$runtime"
    cp -L "$resolv_conf" "$runtime/stub-resolv.conf"
    cp -L "$resolv_conf" "$runtime/resolv.conf"
  fi
  ln -sf "$link" "$resolv_conf.tsresolved"
  if put "$resolv_conf.tsresolved" "$resolv_conf"; then
    if is_active && command -v nmcli >/dev/null; then nmcli general reload dns-full >/dev/null 2>&1 || true; fi
  else
    say "/etc/resolv.conf cannot be replaced and stays as it is."
  fi
}

# What was there before, or, where that was another resolver's link, the uplink servers, or what was there before that.
give_back_resolv_conf() {
  leads_to_stub || is_resolvers "$resolv_conf" || return 0
  saved="$state/resolv.conf"
  new="$resolv_conf.tsresolved"
  rm -f "$new"
  if [ -e "$state/resolv.conf.absent" ]; then
    rm -f "$resolv_conf"
    return 0
  fi
  target=$(readlink "$saved" || true)
  if is_resolvers "$saved"; then saved=''; fi
  case "$target" in
    *systemd/resolve/*) saved='' ;;
    /*) [ -e "$root$target" ] || saved='' ;;
    ?*) [ -e "$root/etc/$target" ] || saved='' ;;
  esac
  if [ -n "$saved" ] && { [ -e "$saved" ] || [ -L "$saved" ]; }; then
    cp -a "$saved" "$new"
  elif has_servers "$runtime/resolv.conf"; then
    cp "$runtime/resolv.conf" "$new"
  elif [ -e "$before_other" ]; then
    cp -a "$before_other" "$new"
  else
    : >"$new"
  fi
  if put "$new" "$resolv_conf"; then rm -f "$before_other"; else say "/etc/resolv.conf cannot be replaced and stays as it is."; fi
}

# The lines of $nsswitch, the first `hosts:` of which is changed by the sed commands $1.
edit_hosts() {
  [ -e "$nsswitch" ] || return 0
  cp -a "$nsswitch" "$nsswitch.tsresolved"
  sed "/^hosts:/{$1}" "$nsswitch" >"$nsswitch.tsresolved"
  put "$nsswitch.tsresolved" "$nsswitch" || say "/etc/nsswitch.conf cannot be replaced and stays as it is."
}

take_hosts() {
  if ! grep -q '^hosts:.*[[:space:]]resolve\([[:space:]]\|$\)' "$nsswitch" 2>/dev/null; then
    edit_hosts 's/[[:space:]]dns\([[:space:]]\|$\)/ resolve [!UNAVAIL=return] dns\1/'
  fi
  [ ! -e "$nsswitch" ] || sed -n '/^hosts:/p' "$nsswitch" >"$state/hosts.ours"
}

# The line of before, if nobody has changed ours since; else ours without what belongs to the module that goes.
give_back_hosts() {
  [ -e "$state/hosts.ours" ] || return 0
  without='s/[[:space:]]\{1,\}resolve\([[:space:]]\{1,\}\[[^]]*\]\)*\([[:space:]]\|$\)/\2/'
  if [ "$(sed -n '/^hosts:/p' "$nsswitch" 2>/dev/null)" = "$(cat "$state/hosts.ours")" ] && [ -s "$state/hosts" ]; then
    former=$(sed -n '1{s/[\\&/]/\\&/g;p}' "$state/hosts")
    edit_hosts "s/.*/$former/;$without"
  else
    edit_hosts "$without"
  fi
  rm -f "$state/hosts.ours"
}

# Where the package that had these names until now lies below /lib, and so did its files, dpkg takes ours for those when it
# goes. What is lost is put back.
repair_names() {
  for name in systemd-resolved dbus-org.freedesktop.resolve1; do
    unit="$root/usr/lib/systemd/system/$name.service"
    [ -e "$unit" ] || [ -L "$unit" ] || ln -s tsresolved.service "$unit"
  done
  module="$root/usr/lib/@MULTIARCH@/libnss_resolve.so.2"
  if [ ! -e "$module" ]; then cp -p "$root/usr/lib/tsresolved/libnss_resolve.so.2" "$module" && { [ -n "$root" ] || ldconfig; }; fi
}

systemd_version() { dpkg-query -W -f '${Version}' systemd 2>/dev/null || true; }

# From 253 on, `systemctl reload` waits until settings are in force; 252 does not know the type, and would take it for dbus.
choose_type() {
  if dpkg --compare-versions "$(systemd_version)" ge 253; then
    mkdir -p "${type_dropin%/*}"
    ln -sf ../../../tsresolved/notify-reload.conf "$type_dropin"
  else
    forget_type
  fi
}

forget_type() {
  rm -f "$type_dropin"
  rmdir "${type_dropin%/*}" 2>/dev/null || true
}

# V8 tells the cache of another program by its length alone, so they go before other programs come.
forget_code_caches() { rm -f "$root/usr/lib/tsresolved/dist/program.cache" "$root/usr/lib/tsresolved/dist/cli/program.cache"; }

make_code_caches() {
  [ -z "$root" ] || return 0
  for program in dist/program dist/cli/program; do
    (cd /usr/lib/tsresolved && timeout 30 ./node code-cache.cjs $program.cjs $program.cache) >/dev/null 2>&1 || rm -f "/usr/lib/tsresolved/$program.cache"
  done
}
