//! Drills that wait for their time.
