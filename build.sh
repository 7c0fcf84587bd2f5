#!/usr/bin/env bash
# Builds, runs and tests the Raft playground. See `./build.sh help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly OUT=.build
readonly PROGRAM=$OUT/raft-playground
readonly SOAK_TIME=${SOAK_TIME:-30s} # for the seeds, and for each fuzz target

usage() {
  cat <<'HELP'
./build.sh                 builds everything into one program: .build/raft-playground
./build.sh run [flags]     builds and serves; the flags go to the program (-addr, -lan, …)
./build.sh test            builds and runs every test, the browser's too
./build.sh browsers        walks through the page in Firefox and in WebKitGTK, too, and looks whether links lead
                           there to the same moments as in Chromium
./build.sh bench [name]    runs the Go benchmarks that match name, and the comparisons that do: core/… and wasm/…
                           with etcd's core, lab/… with the time it may take
./build.sh trace [flags]   writes a run of the lab as a trace for etcd's TLA+ specification to standard output
                           (-seed, -servers, -time, -faults, -help)
./build.sh rooms [flags]   runs 200 rooms of native servers that are killed all the time, with their relays
                           (-rooms, -harms)
./build.sh coverage        measures how much of raft/ its tests run; less than 95 % is a failure
./build.sh mutants [flags] puts mistakes into the core, the server and its disk, one at a time: one that no test
                           notices and raft/mutation/SURVIVORS.md does not explain is a failure (-pkg core,
                           server or wal for one of the three, -run, -list, -workers)
./build.sh soak            runs simulated clusters from new seeds for three times 30 s, 200 rooms of native servers
                           that are killed all the time, then the core's black-box worlds and every fuzz target
                           for as long (SOAK_TIME=5m for longer), an hour of faults in the browser, 200 faults in
                           a room of five tabs (CAMPAIGN_FAULTS=1000 for more), and ./build.sh browsers
HELP
}

main() {
  trap 'status=$?; [[ $status == 0 || -z $doing ]] || echo "build.sh: failed at: $doing" >&2' EXIT
  case "${1:-build}" in
    build) build ;;
    run)
      build
      exec "$PROGRAM" "${@:2}"
      ;;
    test) run_tests ;;
    browsers) walk_through_browsers ;;
    bench) run_benchmarks "${2:-.}" ;;
    trace)
      need_go
      (cd raft/bench && go run ./trace "${@:2}")
      ;;
    rooms) run_native_rooms "${@:2}" ;;
    coverage) measure_coverage ;;
    mutants)
      need_go
      step "mistakes, one at a time"
      go run ./raft/mutation "${@:2}"
      ;;
    soak)
      run_seeds
      run_native_rooms
      run_black_box
      run_fuzz_targets
      run_lab_for_an_hour
      run_campaign
      walk_through_browsers
      # exhaustive exploration, in wider bounds than the tests'
      EXPLORE_DEEP=1 go test -count=1 -v -timeout 30m -run Kept ./raft/explore
      ;;
    help | -h | --help) usage ;;
    *) usage >&2; exit 2 ;;
  esac
}

# step announces the next step and how many seconds have passed; if that step fails, it is named as the failure.
doing=""
step() {
  doing=$*
  echo "== ${SECONDS} s: $*"
}

# ---- building --------------------------------------------------------------------------------------------------------

build() {
  step "looking for Go, Node and npm"
  need_go
  need_node
  build_wasm
  build_page
  build_program
}

# Without its tag json-iterator includes 37 KB of big-number arithmetic to check numbers that it skips: package wire and
# the hub check every byte themselves.
#
# Inlined code compresses badly: without inlining the server's file is a tenth, 100 KB, smaller to transfer, and one
# server has little to do. In the lab, which simulates minutes in a moment, the packages of a server stay inlined, which
# makes it twice as fast. The network, the explanations and the driver do not: that saves 17 KB in the hub alone, and a
# simulated minute takes no longer.
build_wasm() {
  step "the server, the lab and its studies for the browser: $OUT/wasm/raft.wasm, lab.wasm, studies.wasm"
  mkdir -p "$OUT/wasm"
  local -r small=-gcflags=all=-l told="-gcflags=raftplayground/raft/explain=-l -gcflags=raftplayground/raft/lab/...=-l"
  local -r cluster="-gcflags=raftplayground/raft/...= $told"
  program_for_browser raft ./wasm $small
  program_for_browser lab ./wasm/program/lab $small $cluster
  program_for_browser studies ./wasm/program/study $small $cluster
  step "the first seconds of the lab: $OUT/film.json"
  go run ./wasm/film "$OUT/film.json"
  local goroot
  goroot=$(go env GOROOT)
  cmp -s "$goroot/lib/wasm/wasm_exec.js" "$OUT/wasm/wasm_exec.js" || cp "$goroot/lib/wasm/wasm_exec.js" "$OUT/wasm/"
}

program_for_browser() {
  GOOS=js GOARCH=wasm go build -tags=jsoniter_sloppy -trimpath -ldflags="-s -w" "${@:3}" -o "$OUT/wasm/$1.wasm" "$2"
}

# build_page puts the finished page into relay/page, where the program embeds it from.
build_page() {
  if changed npm web/package.json web/package-lock.json || [[ ! -d web/node_modules ]]; then
    step "the page's packages: npm ci"
    (cd web && npm ci --no-audit --no-fund --loglevel=error)
    keep npm
  fi
  local -r ours=(web/*.json web/*.mjs web/index.html web/gallery web/src web/static)
  local -r of_go=(raft/*.go raft/explain/names.go raft/check/violation.go raft/scenario "$OUT/wasm" "$OUT/film.json")
  if changed page "$OUT/stamp/npm" "${ours[@]}" "${of_go[@]}" || [[ ! -d web/dist ]]; then
    step "the page: web/dist"
    (cd web && node build.mjs)
    keep page
  fi
  sync_page
}

# sync_page makes relay/page equal to web/dist, except for its files under version control.
sync_page() {
  mkdir -p relay/page
  (cd web/dist && find . -type f -printf '%P\n' | sort) >"$OUT/page.files"
  local file
  while IFS= read -r file; do
    cmp -s "web/dist/$file" "relay/page/$file" && continue
    mkdir -p "relay/page/$(dirname "$file")"
    cp "web/dist/$file" "relay/page/$file"
  done <"$OUT/page.files"
  (cd relay/page && find . -type f -not -name '.*' -not -name 'placeholder*' -printf '%P\n' | sort) |
    comm -13 "$OUT/page.files" - | while IFS= read -r file; do rm "relay/page/$file"; done
}

build_program() {
  step "the program: $PROGRAM"
  go build -trimpath -ldflags="-s -w" -o "$PROGRAM" ./relay
}

# changed tells whether the files and folders named after the stamp's name differ from when keep was last called for it.
changed() {
  local name=$1
  shift
  mkdir -p "$OUT/stamp"
  find "$@" -type f 2>/dev/null | LC_ALL=C sort | xargs -d '\n' sha256sum >"$OUT/stamp/$name.new"
  ! cmp -s "$OUT/stamp/$name.new" "$OUT/stamp/$name"
}

keep() {
  mv "$OUT/stamp/$1.new" "$OUT/stamp/$1"
}

# ---- tests -----------------------------------------------------------------------------------------------------------

run_tests() {
  need_go
  need_c_compiler
  need_chromium
  build
  mkdir -p "$OUT/test"
  rm -f "$OUT"/test/*.log
  check_columns
  check_go
  test_packages
  test_in_browser
  step "counting"
  count_tests
}

# check_columns fails if a line is wider than an editor beside a page. A tab counts as four columns, a character as one,
# whatever its bytes: sed's locale sees to that. sed prints a file's name, a line's number and its text.
check_columns() {
  step "lines of at most 120 columns"
  local long
  long=$({ source_files go ts mjs; echo ./build.sh; } |
    LC_ALL=C.UTF-8 xargs -d '\n' sed -sn 's/\t/    /g; /^.\{121\}/ { F; =; p }' | paste -d: - - -)
  [[ -z $long ]] || { echo "longer than 120 columns:"$'\n'"$long" >&2; return 1; }
}

check_go() {
  step "gofmt"
  local unformatted
  unformatted=$(source_files go | xargs -d '\n' gofmt -l)
  [[ -z $unformatted ]] || { echo "not formatted by gofmt: $unformatted" >&2; return 1; }

  step "go vet"
  packages | xargs go vet
  go vet -tags raftcheck ./raft/...
  GOOS=js GOARCH=wasm go vet ./wasm/...
  [[ ! -f raft/bench/go.mod ]] || (cd raft/bench && go vet ./...)
}

# test_packages tests all packages that need no browser, except the many clusters of raft/lab/soak. Exhaustive
# exploration, and worlds run for a given time, take as long with the core's own checks as without: they run only once,
# with the checks.
test_packages() {
  step "tests of the Go packages"
  packages | grep -vE '/(web/e2e|web/e2e/browsers|raft/explore|raft/blackbox|raft/lab/soak)$' | xargs_go_test go
  step "tests of the core, which checks itself and poisons the memory that it lends: -tags raftcheck"
  go list ./raft/... | grep -v '/mutation$' | xargs_go_test raftcheck -tags raftcheck

  step "tests of the relay, with the race detector; beside them those of the page, and its types"
  (cd web && npm run --silent check && npm test --silent) >"$OUT/test/page.log" 2>&1 &
  local -r page=$!
  local -r done_above='^TestNothingHappensToInnocentPeople$' # the relay that it attacks is another process
  go list ./relay/... | CGO_ENABLED=1 xargs_go_test race -race -skip "$done_above"
  if [[ -f raft/bench/go.mod ]]; then
    step "tests of the comparison with etcd's core"
    (cd raft/bench && go test -vet=off -v -timeout 10m -benchtime 10x ./...) | tests_log bench
  fi
  step "the page: its types and its tests"
  local status=0
  wait "$page" || status=$?
  cat "$OUT/test/page.log"
  return "$status"
}

# xargs_go_test tests the packages that it reads, with the flags given, into a log of the name given. Everything has
# been vetted before. Simulated worlds are small but leave much garbage: at Go's usual pace its collection would take a
# fifth of the time.
xargs_go_test() {
  GOGC=400 xargs go test -vet=off -v -timeout 10m "${@:2}" | tests_log "$1"
}

# test_in_browser begins with the tests that measure times, which run alone. Live rooms run at the pace of their clocks
# and leave one of two processors idle: the many clusters of raft/lab/soak use it, and give way to the browser.
test_in_browser() {
  local -r by_the_clock='^TestSpeed|WithinTwoSeconds|FirstPaint'
  step "tests in the browser by the clock"
  go test -vet=off -v -count=1 -timeout 10m -run "$by_the_clock" ./web/e2e | tests_log clock
  step "tests in the browser; beside them the many simulated clusters"
  GOGC=400 nice -n 19 go test -vet=off -v -timeout 20m ./raft/lab/soak | tests_log soak &
  local -r clusters=$!
  local status=0
  local -r parallel=3 # two for two cores, and one that only waits
  go test -vet=off -v -count=1 -timeout 40m -parallel $parallel -skip "$by_the_clock" ./web/e2e | tests_log e2e ||
    status=$?
  wait "$clusters" || status=$?
  return "$status"
}

# tests_log keeps the whole output of `go test -v` in a file and shows what matters: failures, messages of tests, and
# one line a package.
tests_log() {
  tee "$OUT/test/$1.log" |
    grep --line-buffered -vE '^=== |^ *--- PASS|^PASS$|^\[no test|\[no test files\]|\[rapid\] OK'
}

# count_tests says how many tests ran. It is reached only if none failed: every step before it ends the run if it fails.
count_tests() {
  local go_tests page_tests
  go_tests=$(cat "$OUT"/test/*.log | grep -cE '^ *--- PASS')
  page_tests=$(sed -nE 's/^(#|ℹ) pass ([0-9]+)$/\2/p' "$OUT/test/page.log" | tail -1)
  echo "$((go_tests + ${page_tests:-0})) passed, 0 failed"
}

measure_coverage() {
  need_go
  step "coverage of raft/ by all of its tests"
  covered 95 -coverpkg=./raft/... ./raft/...
  step "coverage of the core by its own tests"
  covered 95 ./raft
}

# covered runs tests with the flags and packages given, prints what percentage of each package's statements they ran and
# of all, and fails if the latter is less than $1. Every test binary reports on every package: a statement is covered if
# one of them ran it.
covered() {
  local least=$1 profile=$OUT/test/cover.out log=$OUT/test/cover.log
  shift
  mkdir -p "$OUT/test"
  go test -count=1 -timeout 20m -coverprofile="$profile" "$@" >"$log" || { cat "$log" >&2; return 1; }
  awk -v least="$least" '
    /^mode:/ { next }
    { statements[$1] = $2; if ($3 > 0) ran[$1] = 1 }
    END {
      for (block in statements) {
        package = block; sub("/[^/]*$", "", package)
        all[package] += statements[block]; total += statements[block]
        if (block in ran) { covered[package] += statements[block]; sum += statements[block] }
      }
      for (package in all) printf "%6.1f %%  %s\n", 100 * covered[package] / all[package], package | "sort -k3"
      close("sort -k3")
      printf "%6.1f %%  in all\n", 100 * sum / total
      exit 100 * sum < least * total
    }' "$profile"
}

# source_files lists this project's own files with the given extensions, including those not committed yet.
source_files() {
  local extension
  for extension in "$@"; do
    find . -name "*.$extension" -not -path './web/node_modules/*' -not -path './web/dist/*' -not -path "./$OUT/*"
  done
}

# packages lists this module's packages; npm packages may contain Go files too, which are not ours.
packages() {
  go list ./... | grep -v /node_modules/
}

# ---- benchmarks and fuzzing ------------------------------------------------------------------------------------------

run_benchmarks() {
  need_go
  if [[ ! $1 =~ ^(core|wasm|lab|relay)(/|$) ]]; then
    step "benchmarks: $1"
    packages | grep -v '/web/e2e$' |
      xargs go test -run '^$' -bench "$1" -skip '^Benchmark(Attacks|IdleTabs)$' -benchmem |
      grep --line-buffered -vE '\[no test files\]|^PASS$'
  fi
  local compared
  compared=$(cd raft/bench && go run . -list -run "$1")
  if [[ -n $compared ]]; then
    step "this core beside etcd's: raft/bench"
    (cd raft/bench && go run . -run "$1")
  fi
  if [[ relay/attacks =~ $1 || relay/idle-tabs =~ $1 ]]; then
    step "the relay attacked, and with 5,000 idle tabs"
    go test -run '^$' -bench '^Benchmark(Attacks|IdleTabs)$' -benchtime 1x -timeout 30m ./relay |
      grep --line-buffered '^Benchmark'
  fi
  if [[ lab/calm-minute =~ $1 || lab/calm-minute-wasm =~ $1 ]]; then
    step "a simulated minute, beside the time it may take: raft/lab/speed"
    need_node
    go run ./raft/lab/speed
  fi
  if [[ lab/browser =~ $1 ]]; then
    step "the lab in the browser: web/e2e"
    need_chromium
    build
    go test -v -count=1 -run '^TestSpeed' ./web/e2e | sed -nE 's/.*: measured\t//p; /^(---|FAIL|ok)/p'
  fi
}

run_seeds() {
  need_go
  local world
  for world in standard harsh forged; do
    step "simulated clusters under faults for $SOAK_TIME: $world worlds"
    go run ./raft/lab/soak -world "$world" -time "$SOAK_TIME"
  done
}

# run_native_rooms takes about half an hour, mostly waiting.
run_native_rooms() {
  build
  step "rooms of native servers, under faults"
  go run ./relay/campaign "$@"
}

# run_black_box lives through worlds whose seeds no earlier soak had.
run_black_box() {
  need_go
  step "the core through its public API alone, in worlds of new seeds, for $SOAK_TIME"
  go test -vet=off -v -count=1 -timeout 0 -tags raftcheck -run '^TestBlackBox$' ./raft/blackbox \
    -time "$SOAK_TIME" -from "$(date +%s)000000"
}

# run_lab_for_an_hour checks that an hour of faults, run as fast as the browser can, does not fill its memory.
run_lab_for_an_hour() {
  need_chromium
  build
  step "an hour of faults in the browser"
  LAB_MINUTES=60 go test -v -count=1 -timeout 20m -run TestHeapIsStableUnderChaos ./web/e2e
}

# run_campaign lets a room of real tabs live through many faults, about four seconds each, and prints how long the next
# acknowledged write took.
run_campaign() {
  need_chromium
  build
  step "a room of five tabs under faults"
  CAMPAIGN_FAULTS=${CAMPAIGN_FAULTS:-200} go test -v -count=1 -timeout 6h -run TestRoomsKeepTheirWord ./web/e2e
}

walk_through_browsers() {
  need_chromium
  need_firefox
  need_webkit
  build
  step "the essential walk in other browsers"
  go test -v -count=1 -timeout 15m ./web/e2e/browsers
}

run_fuzz_targets() {
  need_go
  local package target
  for package in $(packages | grep -v '/web/e2e$'); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
      step "fuzzing $package $target for $SOAK_TIME"
      go test -run '^$' -fuzz "^$target\$" -fuzztime "$SOAK_TIME" "$package"
    done
  done
}

# ---- tools -----------------------------------------------------------------------------------------------------------

need_go() {
  command -v go >/dev/null || missing "Go 1.26 or later" "see https://go.dev/doc/install"
  local version
  version=$(go env GOVERSION)
  at_least 1.26 "${version#go}" || missing "Go 1.26 or later (here: $version)" "see https://go.dev/doc/install"
}

need_node() {
  command -v node >/dev/null || missing "Node.js 20 or later" "apt-get install -y nodejs npm"
  command -v npm >/dev/null || missing "npm" "apt-get install -y npm"
  at_least 20 "$(node -p process.versions.node)" ||
    missing "Node.js 20 or later (here: $(node --version))" "see https://nodejs.org"
}

need_c_compiler() {
  command -v "$(go env CC)" >/dev/null || install_or_name "a C compiler (for the race detector)" gcc libc6-dev
}

need_chromium() {
  if ! find_chromium; then
    install_or_name "Chromium (for the tests in the browser)" chromium
    find_chromium
  fi
  export CHROMIUM
}

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [[ -n $name ]] && CHROMIUM=$(command -v "$name"); then return 0; fi
  done
  return 1
}

need_firefox() {
  command -v "${FIREFOX:-firefox}" >/dev/null || command -v firefox-esr >/dev/null ||
    install_or_name "Firefox (for the walk through other browsers)" firefox-esr
}

# need_webkit looks for the driver, which comes with the browser, and for the display that it needs.
need_webkit() {
  if ! command -v WebKitWebDriver >/dev/null || ! command -v Xvfb >/dev/null; then
    install_or_name "WebKitGTK (for the walk through other browsers)" webkit2gtk-driver xvfb
  fi
}

# install_or_name installs Debian packages where that can be done without asking, else names the command.
install_or_name() {
  local what=$1
  shift
  if [[ $(id -u) != 0 || ! -f /etc/debian_version ]]; then
    missing "$what" "sudo apt-get install -y $*"
  fi
  step "installing $what: apt-get install -y $*"
  apt-get update -qq </dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" </dev/null
}

missing() {
  echo "build.sh needs $1. To install it: $2" >&2
  exit 1
}

# at_least tells whether version $2 is $1 or later.
at_least() {
  [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1) == "$1" ]]
}

main "$@"
