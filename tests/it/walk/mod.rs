//! The walk, driven purely: records in, what the screen says and offers out. One test for each way it could lie.

mod choices;
mod death;
mod driver;
mod facts;
mod history;
mod looks;
mod new_key;
mod next;
mod places;
mod plans;
mod pushed;
mod seen;
mod typed;
mod unknown;
