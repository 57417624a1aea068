#!/bin/sh
# deploy/setup.sh run | dev | browser: makes ready what `make` needs, and nothing twice.
#
#   run      .venv with the packages of requirements.lock, and the fonts when npm is there
#   dev      the same with the tools of requirements-dev.lock
#   browser  Chromium (by apt, as root, on Debian and Ubuntu) and axe-core (by npm) for the browser tests
#
# A stamp in .venv holds the hash of the lock that was installed whole; it is written last. The mark
# .unfinished stands while pip works: where it was left behind, everything is laid down again, since
# pip takes a package whose files are half there for installed. Plain POSIX sh: it runs first of all.
set -eu
cd "$(dirname "$0")/.."
VENV=.venv
PY=$VENV/bin/python

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  seen=""
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    path=$(command -v "$name") || continue
    if new_enough "$path"; then
      echo "$path"
      return
    fi
    seen="$seen${seen:+, }$name = $("$path" -V 2>&1 | head -n 1)"
  done
  die "Longtide needs Python 3.11 or newer; found ${seen:-none}. Install one, or name it: make setup PYTHON=/path/to/python3.12"
}

make_venv() {
  if [ -e $VENV ]; then
    if new_enough $PY && $PY -m pip --version >/dev/null 2>&1; then return; fi
    say ".venv does not work (half made, or its Python is gone or too old): making it anew"
    rm -rf $VENV
  fi
  python=$(find_python) || exit 1
  say "making .venv with $("$python" -V 2>&1)"
  "$python" -m venv $VENV >&2 || { rm -rf $VENV; die "$python cannot make a virtual environment (on Debian and Ubuntu: apt-get install python3-venv)"; }
}

hash_of() { $PY -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"; }

# installed STAMP LOCK: the stamp says that exactly this lock is in .venv, and its Python starts.
installed() { [ -f "$VENV/$1" ] && [ "$(cat "$VENV/$1")" = "$(hash_of "$2" 2>/dev/null)" ]; }

ensure() { # STAMP LOCK WORDS
  if installed "$1" "$2"; then return; fi
  place=.
  if [ -e $VENV ]; then place=$VENV; fi
  if [ ! -w $place ]; then die "cannot write to $(cd $place && pwd); give yourself write access, or clone to a folder of your own"; fi
  make_venv
  say "installing $3, as locked in $2 (a minute or so)"
  again=--upgrade
  if [ -f $VENV/.unfinished ]; then again=--force-reinstall; fi
  rm -f "$VENV/$1"
  : >$VENV/.unfinished
  $PY -m pip install -qq $again --disable-pip-version-check --no-input --no-deps --require-hashes -r "$2" >&2 ||
    die "pip could not install $2 (its reason is above); run the same command again to go on"
  hash_of "$2" >"$VENV/$1"
  rm -f $VENV/.unfinished
}

fonts() { # Once per version of the script; pages fall back to the system's fonts without them.
  if [ ! -f deploy/fetch_fonts.py ] || installed .fonts deploy/fetch_fonts.py; then return; fi
  if ! command -v npm >/dev/null 2>&1; then return; fi
  say "fetching the fonts with npm"
  $PY deploy/fetch_fonts.py >&2 || say "the fonts could not be fetched; the pages use the system's (again: rm .venv/.fonts && make setup)"
  hash_of deploy/fetch_fonts.py >$VENV/.fonts
}

has_browser() { # not named after the program: command -v finds functions too
  for name in "${LONGTIDE_CHROMIUM:-chromium}" chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then return; fi
  done
  [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

by_apt() {
  apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends chromium >/dev/null 2>&1
}

browser() {
  if ! has_browser; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
      export DEBIAN_FRONTEND=noninteractive
      say "installing Chromium with apt-get"
      by_apt || { apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null && by_apt; } ||
        die "apt-get could not install chromium; install Chromium or Google Chrome, or set LONGTIDE_CHROMIUM to its program"
    elif command -v apt-get >/dev/null 2>&1; then
      die "Chromium is missing. Run: sudo apt-get install chromium"
    else
      die "Chromium is missing. Install Chromium or Google Chrome, or set LONGTIDE_CHROMIUM to its program"
    fi
  fi
  if [ -f tests/npm/node_modules/axe-core/axe.min.js ]; then return; fi
  if ! command -v npm >/dev/null 2>&1; then
    say "npm is missing, so the accessibility tests have no axe-core (on Debian and Ubuntu: apt-get install npm)"
    return
  fi
  say "fetching axe-core with npm"
  (cd tests/npm && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
    say "npm could not fetch axe-core; run make setup-browser again"
}

case "${1:-run}" in
  run)
    ensure .run requirements.lock "Longtide's packages"
    fonts
    ;;
  dev)
    ensure .dev requirements-dev.lock "Longtide's packages and the tools for testing"
    hash_of requirements.lock >$VENV/.run # the dev lock holds everything the run lock holds
    fonts
    ;;
  browser) browser ;;
  *) die "unknown: $1 (run, dev or browser)" ;;
esac
