//! Builds again when a migration is added: the compiler sees only the files it knew before.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
