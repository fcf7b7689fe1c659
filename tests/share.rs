//! Sharing: what partners' systems get, what comes from upper levels, and what every headquarters sees.

mod above;
mod broken;
mod everyone;
mod pages;
mod partners;
mod settings;
mod web;
