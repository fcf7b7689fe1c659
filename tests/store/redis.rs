//! The engine on Redis: real servers, alone, in a cluster, with a replica.

mod faults;
mod following;
mod limits;
mod nodes;
mod places;
mod rig;

pub(super) use rig::{ClusterRig, RedisRig, ReplicaRig};
