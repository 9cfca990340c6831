//! Who somebody is, and for how long. Not here: what a session may reach (`caller`), and how
//! passwords are hashed (`hashing`).

pub mod by_hand;
mod endings;
pub mod listing;
mod logins;
mod passwords;
pub mod policy;
mod second_factor;
mod sessions;
mod throttle;
pub mod tokens;
mod totp;

pub use endings::{end_all_sessions, tell_changed, tell_ended};
pub use logins::{
    NewLogin, OneTime, add_login, add_roles, check_username, one_time, reset_password,
};
pub use second_factor::{
    begin as begin_second_factor, confirm as confirm_second_factor, drop as drop_second_factor,
    reset as reset_second_factor,
};
pub use sessions::{
    Peer, change_password, log_in, log_in_seated, log_out, replace_password, resume, who_am_i,
};
pub use throttle::forgive;
#[cfg(feature = "testing")]
pub use totp::code_at;
