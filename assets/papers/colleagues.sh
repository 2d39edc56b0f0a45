#!/bin/sh
# The history of @REPO@ was rewritten because a leaked key was in it.
# Run this in your clone:   sh colleagues.sh            (your remote has another name: --remote NAME)
# It rebases your own commits on the new history, never merges, and proves that the old commits are gone.
# Where it had to rebase work of yours it stops before it drops the old commits: look at your branches, then
#                           sh colleagues.sh --drop
# A fresh clone does the same for whoever has no work of their own in it.
set -u
LC_ALL=C
export LC_ALL
GIT_NO_REPLACE_OBJECTS=1
export GIT_NO_REPLACE_OBJECTS

remote=@REMOTE@
drop=no
while [ $# -gt 0 ]; do
  case $1 in
    --remote) remote=${2:?"--remote wants a name"}; shift ;;
    --drop) drop=yes ;;
    *) printf '%s\n' "usage: sh colleagues.sh [--remote NAME] [--drop]" >&2; exit 2 ;;
  esac
  shift
done

# First changed commits: old id, new id.
starts() { cat <<'STANCH_END'
@STARTS@
STANCH_END
}

# Branches of the remote: old tip (the base of your work), new tip, name.
branches() { cat <<'STANCH_END'
@BRANCHES@
STANCH_END
}

# Tags that moved: old id, name.
tags() { cat <<'STANCH_END'
@TAGS@
STANCH_END
}

say() { printf '%s\n' "$*"; }

die() {
  say "stopped: $1" >&2
  shift
  for way in "$@"; do say "  do: $way" >&2; done
  exit 1
}

here() { git cat-file -e "$1^{commit}" 2>/dev/null; }

# Is some first changed commit in the history of $1? Old ids with "old", new ids with "new".
leads() {
  for pair in $(starts | tr ' ' ','); do
    if [ "$2" = old ]; then id=${pair%%,*}; else id=${pair##*,}; fi
    if here "$id" && git merge-base --is-ancestor "$id" "$1" 2>/dev/null; then return 0; fi
  done
  return 1
}

# ---- nothing is changed before all of this is seen to be so

top=$(git rev-parse --show-toplevel 2>/dev/null) || die "this is no clone with a working tree" "delete a bare or mirror clone and clone again"
cd "$top" || exit 1
for sign in rebase-merge rebase-apply MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD BISECT_LOG; do
  if [ -e "$(git rev-parse --git-path "$sign")" ]; then
    die "a rebase, merge, cherry-pick, revert or bisect is in progress ($sign)" "finish or abort it, then run this again"
  fi
done
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
  die "files are changed and not committed" "commit them (a stash would lead to the old history), then run this again"
fi
git symbolic-ref -q HEAD >/dev/null || die "no branch is checked out" "git switch to a branch, then run this again"
if [ "$(git worktree list --porcelain | grep -c '^worktree ')" -gt 1 ]; then
  die "other worktrees are linked to this clone" "git worktree remove each, then run this again"
fi
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
  die "this is a shallow clone: its older history is not here" "delete it and clone again, or git fetch --unshallow"
fi
git remote get-url "$remote" >/dev/null 2>&1 || die "there is no remote $remote" "sh colleagues.sh --remote NAME"
if git rev-parse -q --verify refs/stash >/dev/null; then
  n=0
  for id in $(git log -g --format=%H refs/stash); do
    if leads "$id" old; then
      die "stash@{$n} builds on the old history" \
        "git stash branch wip-$n 'stash@{$n}', commit there, then run this again: it rebases that branch"
    fi
    n=$((n + 1))
  done
fi

# What was published before, as far as this clone knows: all that is not in it is your own work.
published=$(
  { branches | while read -r old new name; do if here "$old"; then echo "$old"; fi; done
    git for-each-ref --format='%(objectname)' "refs/remotes/$remote/"
    git for-each-ref --format='%(refname)' "refs/remotes/$remote/" | while read -r ref; do
      git log -g --format=%H "$ref" -- 2>/dev/null
    done
  } | sort -u
)
fetched() { printf '%s\n' "$published" | while read -r id; do if [ -n "$id" ] && here "$id"; then echo "$id"; fi; done; }

# ---- the new history

tags | while read -r old name; do
  if [ "$(git rev-parse -q --verify "refs/tags/$name")" = "$old" ]; then
    git tag -d "$name" >/dev/null && say "tag $name: the old one is deleted, the new one comes with the fetch"
  fi
done
git fetch --quiet --prune "$remote" || die "the remote $remote did not answer" "check the network, then run this again"
git fetch --quiet --tags "$remote" || say "some tags were not fetched: tags of yours have the same names"

bad=$(git for-each-ref --format='%(refname)' "refs/remotes/$remote/" | while read -r ref; do
  if leads "$ref" old; then echo "$ref"; fi
done)
if [ -n "$bad" ]; then
  die "the remote itself has the old history on: $(echo $bad)" "tell whoever sent you this script; nothing of yours was changed"
fi

# ---- your branches

was=$(git symbolic-ref -q --short HEAD)
rebased=0
target_of() {
  up=$(git for-each-ref --format='%(upstream)' "$1")
  case $up in
    "refs/remotes/$remote/"*) if git rev-parse -q --verify "$up" >/dev/null; then echo "$up"; return; fi ;;
  esac
  same="refs/remotes/$remote/${1#refs/heads/}"
  if git rev-parse -q --verify "$same" >/dev/null; then echo "$same"; return; fi
  # The branch it was started from: whose old tip has most in common with it.
  branches | while read -r old new name; do
    ref="refs/remotes/$remote/$name"
    if here "$old" && git rev-parse -q --verify "$ref" >/dev/null; then
      echo "$(git rev-list --count "$1" --not "$old") $ref"
    fi
  done | sort -n | head -n 1 | cut -d ' ' -f 2
}

for branch in $(git for-each-ref --format='%(refname)' refs/heads/); do
  name=${branch#refs/heads/}
  leads "$branch" old || continue
  if leads "$branch" new; then
    die "$name holds both the old and the new history: somebody merged or pulled" \
      "git switch $name; git reflog shows where it was before; git reset --hard to that, then run this again"
  fi
  target=$(target_of "$branch")
  [ -n "$target" ] || die "it is not known what $name builds on" "git branch --set-upstream-to=$remote/<branch> $name, then run this again"
  own=$(git rev-list "$branch" --not $(fetched))
  if [ -z "$own" ]; then
    if [ "$name" = "$was" ]; then git reset --quiet --keep "$target"; else git branch --quiet --force --no-track "$name" "$target"; fi ||
      die "$name could not be moved" "move away what is in the way, then run this again"
    say "$name: moved to ${target#refs/remotes/}, no commit of yours was on it"
    continue
  fi
  for pair in $(starts | tr ' ' ','); do
    if printf '%s\n' "$own" | grep -q -x -F -e "${pair%%,*}"; then
      die "this clone does not know which commits of $name are yours" \
        "by hand: git switch -c $name-new ${target#refs/remotes/}; git cherry-pick your commits; git branch -D $name"
    fi
  done
  edge=$(git rev-list --boundary "$branch" --not $(fetched) | sed -n 's/^-//p')
  base=$(git merge-base --independent $edge)
  if [ "$(printf '%s\n' "$base" | grep -c .)" -ne 1 ]; then
    die "$name merged several branches that were published" \
      "by hand: git switch -c $name-new ${target#refs/remotes/}; git cherry-pick your commits; git branch -D $name"
  fi
  say "$name: rebasing $(printf '%s\n' "$own" | grep -c .) of your commits from $base onto ${target#refs/remotes/}"
  if ! git -c rebase.autoStash=false -c rebase.autoSquash=false -c rebase.updateRefs=false \
    rebase --quiet --onto "$target" "$base" "$name"; then
    die "your commits on $name do not fit as they are" \
      "solve the conflict, git add, git rebase --continue, then run this again (git rebase --abort gives it up)"
  fi
  rebased=$((rebased + 1))
done
git checkout --quiet "$was" || exit 1

holders=$(
  for pair in $(starts | tr ' ' ','); do
    if here "${pair%%,*}"; then git for-each-ref --format='%(refname)' --contains "${pair%%,*}"; fi
  done | sort -u
)
if [ -n "$holders" ]; then
  die "these refs of yours lead to the old history: $(echo $holders)" "delete them (git update-ref -d), or rebase them, then run this again"
fi
if [ "$rebased" -gt 0 ] && [ "$drop" = no ]; then
  say "Your work stands on the new history. Look at it, then: sh colleagues.sh --drop"
  exit 3
fi

# ---- the old commits go

git for-each-ref --format='%(refname)' | grep -v '^refs/stash$' | while read -r ref; do
  git reflog expire --expire=now --expire-unreachable=now "$ref" 2>/dev/null
done
git reflog expire --expire=now --expire-unreachable=now HEAD
rm -f "$(git rev-parse --git-path ORIG_HEAD)" "$(git rev-parse --git-path FETCH_HEAD)"
git gc --quiet --prune=now || die "git gc failed" "run git fsck, then this again"

left=$(for pair in $(starts | tr ' ' ','); do
  if git cat-file -t "${pair%%,*}" >/dev/null 2>&1; then echo "${pair%%,*}"; fi
done)
if [ -n "$left" ]; then
  say "still here: $(echo $left)" >&2
  [ -s "$(git rev-parse --git-path objects/info/alternates)" ] && say "  this clone borrows objects from another one: run this there too" >&2
  ls "$(git rev-parse --git-path objects/pack)"/*.keep >/dev/null 2>&1 && say "  some packs are marked to be kept (objects/pack/*.keep)" >&2
  say "  do: delete this clone and clone again, if you can't find what holds them" >&2
  exit 3
fi
say "Clean: git cat-file -t finds none of the first changed commits."
say "Until everybody has run this: git pull --ff-only, never a merge."
