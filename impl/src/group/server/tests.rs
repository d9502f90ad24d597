mod group_of_servers;
mod liveness;
mod net;
mod own_records;
mod single;
