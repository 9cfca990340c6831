//! Logins and sessions: who somebody is, and for how long.
