//! Drills: a drill attempted by every path onto a route, a recipient or a screen of the public and refused at each; and
//! drills that wait for their time.

mod paths;
mod scheduled;
