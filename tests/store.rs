//! The storage contract, held by every engine, and what the embedded engine promises beyond it.

mod child;
mod contract;
mod crash;
mod damage;
mod disk_full;
mod embedded;
mod redis;
mod rig;
