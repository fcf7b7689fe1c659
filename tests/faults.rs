//! Faults of the disk and of commits, against the real program, each named with its id in the fault model: what was
//! promised is seen from outside, by HTTP and by what a mail server received.

mod commits;
mod disk;
mod rig;
