# Sourced by the script that test/docs/scaling.test.ts puts together from the commands of docs/scaling.md: a network, a mount
# and a process namespace of their own, in which the document's addresses and files are free. $root: the package's folder.
set -eu
cd "$scratch"
ip link set lo up
ip address add 10.0.0.5/32 dev lo
mount -t tmpfs none /run
mkdir etc etc-work
mount -t tmpfs none etc-work
mkdir etc-work/upper etc-work/work
mount -t overlay overlay -o "lowerdir=/etc,upperdir=etc-work/upper,workdir=etc-work/work" /etc
redis-server --port 6379 --bind 127.0.0.1 10.0.0.5 --protected-mode no --save '' --dir "$scratch" >redis.log &
disown
until redis-cli ping >ping.log 2>&1; do sleep 0.02; done

# The package's scripts without the build before them. A run that is invalid, as on a busy machine, is one that ran.
npm() {
  local script=$2 code=0
  shift 3
  case $script in
    tracker) exec node "$root/dist/tracker/main.js" "$@" >>trackers.log 2>&1 ;;
    lab)
      [ "$1" = agent ] && exec node "$root/dist/cli/main.js" "$@" >>agents.log 2>&1
      node "$root/dist/cli/main.js" "$@" >>lab.log 2>&1 || code=$?
      [ "$code" = 0 ] || [ "$code" = 11 ] || { tail -n 20 lab.log; return "$code"; }
      ;;
    *) echo "no such script: $script"; return 1 ;;
  esac
}

# Whether a tracker at an address and port answers a connect, within $within seconds (20 where it is not set). A port that is closed yet
# refuses at once.
answers() {
  local got until=$((SECONDS + ${within:-20}))
  while [ "$SECONDS" -lt "$until" ]; do
    got=$({ exec 3<>"/dev/udp/$1/$2" && printf '\x00\x00\x04\x17\x27\x10\x19\x80\x00\x00\x00\x00\x01\x02\x03\x04' >&3 &&
      timeout 0.2 head -c 16 <&3 | wc -c; } 2>>answers.log || true)
    [ "$got" = 16 ] && return
    sleep 0.05
  done
  echo "nobody answers at $1:$2"
  cat trackers.log
  return 1
}
export -f answers

end_all() {
  local jobs
  jobs=$(jobs -p)
  [ -z "$jobs" ] || kill $jobs
  wait
}
