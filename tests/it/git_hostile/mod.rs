//! Repositories made to do harm: programs in their configuration, names that draw on terminals or end a line of a script,
//! pipes and links where git has files. Each is held against the program as a person runs it, and no run may hang.

mod bombs;
mod links;
mod names;
mod pipes;
mod programs;
mod run;
