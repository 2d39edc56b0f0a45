#!/bin/sh
# Keeps a leaked key, and the history it was removed from, out of: @REPO@
#
# On a server you run:  copy it to hooks/pre-receive in the bare repository, mode 0755.
# In a clone:           copy it to .git/hooks/pre-push, mode 0755.
# In CI:                sh ban.sh check [REV [BASE]]    (BASE: look only into what is new since then)
#
# It does not hold the key. It refuses
#  1. a ref from which a first changed commit can be reached: a merge or push from a clone of before the rewrite;
#  2. an object that held the key, by its id;
#  3. the key itself, by length and SHA-256 of each form: plain, UTF-16, hexadecimal, base64 and base64url at the three
#     alignments. Every run of printable characters in what is new is cut into all pieces of that length (only those
#     with the form's public start, where there is one), each piece is hashed and compared.
#     It does not see the key inside of archives and compressed files, in text that was broken into lines, or escaped
#     (percent, \u): `stanch find` does.
set -u
LC_ALL=C
export LC_ALL
GIT_NO_REPLACE_OBJECTS=1
export GIT_NO_REPLACE_OBJECTS

# First changed commits, by their old ids.
starts() { cat <<'STANCH_END'
@STARTS@
STANCH_END
}

# Objects that held the key.
objects() { cat <<'STANCH_END'
@OBJECTS@
STANCH_END
}

# Forms of the key: length, SHA-256, public start (or nothing). Nothing of the key can be read from them.
windows() { cat <<'STANCH_END'
@WINDOWS@
STANCH_END
}
most=20000

refuse() {
  printf '%s\n' "stanch: refused: $1" "stanch: $2" >&2
  exit 1
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256
  else openssl dgst -sha256 -r
  fi | cut -c1-64
}

# Reads bytes; succeeds when a piece of them has the digest of a form. Without its zero bytes UTF-16 is plain text.
holds_key() {
  all=$(windows)
  if perl -MDigest::SHA -e 1 >/dev/null 2>&1; then
    tr -d '\000' | perl -MDigest::SHA=sha256_hex -e '
      my @windows = map { [split / /, $_] } grep { length } split /\n/, $ARGV[0];
      binmode STDIN;
      my $found = 0;
      while (my $line = <STDIN>) {
        next if $found;
        while ($line =~ /([\x21-\x7e]{16,})/g) {
          my $run = $1;
          for my $window (@windows) {
            my ($length, $digest, $prefix) = @$window;
            $prefix = "" unless defined $prefix;
            for (my $at = 0; ($at = index($run, $prefix, $at)) >= 0; $at++) {
              last if $at + $length > length $run;
              $found = 1 if sha256_hex(substr($run, $at, $length)) eq $digest;
            }
          }
        }
      }
      exit($found ? 0 : 1);' "$all"
    return
  fi
  # Without perl each piece costs a process: only so many are looked at, and the rest is said to be unseen.
  pieces=$(tr -d '\000' | tr -cs '!-~' '\n' | awk -v all="$(windows | tr '\n' ';')" '
    BEGIN {
      n = split(all, lines, ";")
      for (i = 1; i <= n; i++) { parts = split(lines[i], part, " "); size[i] = part[1] + 0; start[i] = parts > 2 ? part[3] : "" }
    }
    { for (i = 1; i <= n; i++)
        if (size[i] > 0 && length($0) >= size[i])
          for (at = 1; at + size[i] - 1 <= length($0); at++)
            if (substr($0, at, length(start[i])) == start[i]) print substr($0, at, size[i])
    }' | sort -u | head -n "$((most + 1))")
  seen=0
  while IFS= read -r piece; do
    [ -n "$piece" ] || continue
    seen=$((seen + 1))
    if [ "$seen" -gt "$most" ]; then
      printf '%s\n' "stanch: too much to look into without perl; the rest was not searched" >&2
      return 1
    fi
    case $all in *" $(printf '%s' "$piece" | sha256)"*) return 0 ;; esac
  done <<STANCH_PIECES
$pieces
STANCH_PIECES
  return 1
}

# look NAME ID [what git rev-list takes to leave out what is there already]
look() {
  name=$1
  id=$2
  shift 2
  for start in $(starts); do
    git cat-file -e "$start^{commit}" 2>/dev/null || continue
    if git merge-base --is-ancestor "$start" "$id" 2>/dev/null; then
      refuse "$name leads to $start, a commit from before a leaked key was removed" \
        "do not merge: rebase your own commits on the new history (the script colleagues.sh does it)"
    fi
  done
  fresh=$(git rev-list --objects "$id" "$@" | cut -d ' ' -f 1) || refuse "$name can't be looked into" "git rev-list failed"
  banned=$(objects)
  if [ -n "$banned" ] && [ -n "$fresh" ]; then
    hit=$(printf '%s\n' "$fresh" | grep -F -x -e "$banned" | head -n 1)
    if [ -n "$hit" ]; then
      refuse "$name brings $hit, an object that holds the leaked key" "take it out of your commits, then push again"
    fi
  fi
  [ -n "$(windows)" ] || return 0
  if { printf '%s\n' "$name"; printf '%s\n' "$fresh" | git cat-file --batch --buffer; } | holds_key; then
    refuse "$name brings the leaked key back" \
      "it is dead, and must not return: take it out of your commits (git rebase -i), then push again"
  fi
}

deletes() {
  case $1 in *[!0]*) return 1 ;; esac
}

if [ "${1:-}" = check ]; then
  if [ -n "${3:-}" ]; then look "${2:-HEAD}" "${2:-HEAD}" --not "$3"; else look "${2:-HEAD}" "${2:-HEAD}"; fi
  printf '%s\n' "stanch: clean: ${2:-HEAD} has neither the old history nor the key in a form it can see"
  exit 0
fi

# pre-receive: "<old> <new> <ref>" a line. pre-push: "<local ref> <local id> <remote ref> <remote id>", the remote in $1.
while read -r one two three four; do
  if [ -n "${four:-}" ]; then
    deletes "$two" || look "$three" "$two" --not "--remotes=${1:-origin}"
  else
    deletes "$two" || look "$three" "$two" --not --all
  fi
done
exit 0
