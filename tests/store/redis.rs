//! The engine on Redis: real servers, alone, in a cluster, with a replica.

mod rig;

pub(super) use rig::{ClusterRig, RedisRig, ReplicaRig};
