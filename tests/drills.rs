//! Drills: a drill attempted by every path onto a route, a recipient or a screen of the public and refused at each; drills
//! that wait for their time; stories played again.

mod http;
mod paths;
mod replay;
mod scheduled;
