//! Three servers in network namespaces of their own, joined by veth pairs, where this process may make some; the rest of these
//! tests runs on loopback in any case.
