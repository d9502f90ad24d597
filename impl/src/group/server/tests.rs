mod group_of_servers;
mod keys;
mod liveness;
mod net;
mod own_records;
mod retention;
mod serving;
mod single;
