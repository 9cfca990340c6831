//! A program in a terminal of its own: keys in, a screen out, every byte counted.
//!
//! Tests never sleep: they wait for a condition on the screen, and show the last screen when it
//! does not come.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const CTRL_Q: &str = "\x11";

/// A program and the terminal that it runs in.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    counted: usize,
    /// All that was written, for tests of single sequences.
    pub written: Vec<u8>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn some(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

impl Pty {
    /// Starts a program at 80×24.
    pub fn start(command: CommandBuilder) -> Self {
        Self::start_at(size(80, 24), command)
    }

    /// Starts a program on a line that does not know its size.
    pub fn start_without_a_size(command: CommandBuilder) -> Self {
        Self::start_at(size(0, 0), command)
    }

    fn start_at(size: PtySize, command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        // The program holds the only other end, so that its end is the output's end.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if tell.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            output,
            parser: vt100::Parser::new(some(24), some(80), 0),
            counted: 0,
            written: Vec::new(),
        }
    }

    /// Types keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// What the terminal shows, without blanks at the ends of lines.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// The emulator, for colours and the cursor.
    pub fn emulator(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contains(text));
    }

    /// Waits until the screen no longer shows a text.
    pub fn wait_gone(&mut self, text: &str) {
        self.wait(&format!("no {text:?}"), |screen| !screen.contains(text));
    }

    /// Waits for a condition on the screen.
    pub fn wait(&mut self, what: &str, condition: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !condition(&self.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!(
                    "{what} did not come ({error}); the screen:\n{}",
                    self.screen()
                ),
            }
        }
    }

    /// Waits until nothing was written for a while, and gives the bytes since the last count.
    pub fn settle(&mut self) -> usize {
        self.quiet_for(Duration::from_millis(300));
        std::mem::take(&mut self.counted)
    }

    /// Waits until nothing was written for so long.
    pub fn quiet_for(&mut self, quiet: Duration) {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(quiet) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => return,
            }
            assert!(
                Instant::now() < until,
                "it writes and writes; the screen:\n{}",
                self.screen()
            );
        }
    }

    /// The bytes since the last count.
    pub fn count(&mut self) -> usize {
        std::mem::take(&mut self.counted)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.counted += bytes.len();
        self.written.extend_from_slice(bytes);
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(some(rows), some(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits until the program has ended and all its output is read.
    pub fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it does not end; the screen:\n{}", self.screen())
                }
            }
        }
    }

    /// The program's process.
    pub fn process(&self) -> rustix::process::Pid {
        let id = self.child.process_id().unwrap();
        rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.process(), signal).unwrap();
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.child.kill();
    }
}
