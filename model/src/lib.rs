//! Executable specification of a group of MARS servers.
