// Echo server, one thread per connection, standard library only. The library
// itself sets SO_REUSEADDR, a backlog of at least 128, and ignores SIGPIPE.
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{env, process, thread};

/// Lets the accepting thread wait for a connection to end when descriptors or
/// threads have run out.
#[derive(Default)]
struct Room {
    lock: Mutex<()>,
    freed: Condvar,
}

impl Room {
    fn wait(&self) {
        let guard = self.lock.lock().unwrap();
        let _ = self.freed.wait_timeout(guard, Duration::from_secs(1));
    }
}

fn echo(mut stream: &TcpStream) {
    let mut buf = [0u8; 16384];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return,
            Ok(n) => {
                if stream.write_all(&buf[..n]).is_err() {
                    return;
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn main() {
    let port: u16 = match env::args().nth(1).and_then(|a| a.parse().ok()) {
        Some(port) => port,
        None => {
            eprintln!("usage: rust_threads PORT");
            process::exit(2);
        }
    };
    let listener = TcpListener::bind(("0.0.0.0", port)).unwrap_or_else(|e| {
        eprintln!("listen: {e}");
        process::exit(1);
    });
    let room = Arc::new(Room::default());

    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => Arc::new(stream),
            Err(e) => {
                // A client gone before its turn is no reason to pause.
                if e.kind() != ErrorKind::ConnectionAborted {
                    room.wait();
                }
                continue;
            }
        };
        loop {
            let (mine, ended) = (Arc::clone(&stream), Arc::clone(&room));
            let started = thread::Builder::new().spawn(move || {
                echo(&mine);
                drop(mine); // the last owner closes the connection
                ended.freed.notify_one();
            });
            match started {
                Ok(_) => break, // the unused handle detaches the thread
                Err(_) => room.wait(),
            }
        }
    }
}
