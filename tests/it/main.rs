//! One integration binary: every file here tests the library or the built program, without a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// `pub` marks what other files of this binary use; there is no crate around it to reach.
#![allow(unreachable_pub)]

mod bad_input;
mod bad_servers;
mod canary;
mod cli;
mod disk_full;
mod drill_score;
mod drill_sim;
mod drill_world;
mod drills;
mod env_files;
mod http_drive;
mod http_secrets;
mod http_world;
mod input;
mod journal;
mod layers;
mod live;
mod openai_contract;
mod program;
mod screens;
mod settings;
mod ui_kit;
mod walk;
mod writer;

mod git_archives;
mod git_cases;
mod git_cut_key;
mod git_damage;
mod git_forms;
mod git_hostile;
mod git_packs;
mod git_proof;
mod git_property;
mod git_remote;
mod git_scan;
mod git_sweep;
mod git_switch;
mod git_switch_crash;
mod gitrepo;
mod purge_cli;
mod schema;
