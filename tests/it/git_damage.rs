//! Repositories damaged by chance: what is read of them ends with an answer or a reason, and nothing is changed. It runs
//! in a process of its own, because a library may die of what it reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stanch::git;

use crate::gitrepo::{World, walk};

/// Names a seed and how many follow, to the process that does the work.
const SEEDS: &str = "STANCH_DAMAGE";

/// Numbers by chance, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }
}

/// Two packs with deltas, loose objects, a note, a stash.
fn template() -> World {
    let world = World::new();
    for n in 0..12 {
        world.write("list", (0..80).map(|i| format!("line {i} of {}", i * n)).collect::<Vec<_>>().join("\n"));
        world.write("deep/er/file", format!("{n}\n"));
        world.commit(&format!("number {n}"));
    }
    world.leak();
    world.git(&["repack", "-adfq", "--depth=20"]);
    world.old_leak();
    world.git(&["repack", "-dq"]);
    world.git(&["notes", "add", "-m", &format!("n {}", world.key)]);
    world.write("loose", format!("k={}\n", world.key));
    world.commit("loose");
    world
}

fn content(top: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    walk(top).into_iter().map(|file| (file.clone(), fs::read(top.join(file)).unwrap_or_default())).collect()
}

/// Damages one file below `objects`, seldom two.
fn damage(objects: &Path, dice: &mut Dice) {
    for _ in 0..=(dice.below(5) / 4) {
        let files = walk(objects);
        let packs: Vec<&PathBuf> =
            files.iter().filter(|f| f.starts_with("pack") || f.to_string_lossy().contains("/pack-")).collect();
        // A loose object as often as an index or a pack.
        let file = if dice.below(3) > 0 && !packs.is_empty() {
            packs[dice.below(packs.len())]
        } else {
            &files[dice.below(files.len())]
        };
        let path = objects.join(file);
        let mut bytes = fs::read(&path).unwrap();
        match dice.below(6) {
            0 => bytes.truncate(dice.below(bytes.len())),
            1 => {
                let at = dice.below(bytes.len());
                let end = bytes.len().min(at + 1 + dice.below(300));
                bytes[at..end].fill(0);
            }
            2 => bytes.extend(vec![7; 1 + dice.below(100)]),
            // In the tables and heads, where lengths are.
            3 => {
                let at = dice.below(bytes.len().min(1100));
                bytes[at] ^= 1 << dice.below(8);
            }
            _ => {
                for _ in 0..=dice.below(4) {
                    let at = dice.below(bytes.len());
                    bytes[at] = dice.below(256).to_le_bytes()[0];
                }
            }
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn the_process_that_reads_what_is_damaged() {
    let Ok(seeds) = std::env::var(SEEDS) else { return };
    let (first, count) = seeds.split_once(' ').unwrap();
    let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
    let template = template();
    for seed in first..first + count {
        // The last line says where it died.
        eprintln!("seed {seed}");
        let temp = tempfile::tempdir().unwrap();
        let repo = temp.path().join("work");
        assert!(Command::new("cp").arg("-r").args([&template.repo, &repo]).status().unwrap().success());
        let world = World::at(repo, &template);
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..4 {
            dice.below(1);
        }
        damage(&world.repo.join(".git/objects"), &mut dice);
        let before = content(&world.repo);
        let found = world.ask(git::find);
        if let Ok(map) = &found {
            assert!(!map.copies.is_empty() || !map.not_looked_into.is_empty(), "nothing found, and nothing said of it");
        }
        if seed % 3 == 0 {
            drop(world.ask(git::plan));
        }
        assert!(content(&world.repo) == before, "something was changed");
    }
}

#[test]
fn damage_by_chance_ends_with_an_answer_or_a_reason() {
    let count: u64 = std::env::var("STANCH_DAMAGE_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(90);
    let run = |first: u64, count: u64| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "git_damage::the_process_that_reads_what_is_damaged", "--nocapture"]);
        let out = command.env(SEEDS, format!("{first} {count}")).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains(&format!("seed {first}")), "it did not run: {said}");
        assert!(
            out.status.success(),
            "{}: {}",
            out.status,
            said.get(said.len().saturating_sub(3000)..).unwrap_or(&said)
        );
    };
    std::thread::scope(|scope| {
        let half = scope.spawn(|| run(1, count / 2));
        run(1_000_000, count - count / 2);
        half.join().unwrap();
    });
}
