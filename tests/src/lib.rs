//! Headwater as its users meet it: the real binary over real files and a real S3 server.
