//! Finding the server that takes commits now, and entering it.

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates, Value,
    aio::MultiplexedConnection, io::tcp::TcpSettings,
};

use super::{
    address::{Address, Place},
    link::Server,
    reply,
};

/// A role to enter a server in.
struct Login {
    user: Option<String>,
    password: Option<String>,
    ca: Option<Vec<u8>>,
}

impl Server {
    /// A connection to the primary. Files are read each time, so that a password can be changed while this runs.
    pub(super) async fn primary(&self) -> Result<MultiplexedConnection, String> {
        let login = self.login().await?;
        match &self.address.place {
            Place::Server => {
                let (host, port) = &self.address.hosts[0];
                enter(&self.address, host, *port, self.address.database, &login).await
            }
            Place::Sentinel { service } => self.by_sentinel(service, &login).await,
            Place::Cluster => self.in_cluster(&login).await,
        }
    }

    async fn login(&self) -> Result<Login, String> {
        let unreadable = |path: &std::path::Path, error| format!("cannot read {}: {error}", path.display());
        let password = match &self.password_file {
            Some(path) => {
                let text = tokio::fs::read_to_string(path).await.map_err(|error| unreadable(path, error))?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => None,
        };
        let ca = match &self.ca_file {
            Some(path) => Some(tokio::fs::read(path).await.map_err(|error| unreadable(path, error))?),
            None => None,
        };
        Ok(Login { user: self.user.clone(), password, ca })
    }

    /// Asks one sentinel after the other. What it names has to say itself that it is the primary.
    async fn by_sentinel(&self, service: &str, login: &Login) -> Result<MultiplexedConnection, String> {
        let mut last = String::new();
        for (host, port) in &self.address.hosts {
            match self.ask_sentinel(host, *port, service, login).await {
                Ok(connection) => return Ok(connection),
                Err(failure) => last = format!("sentinel {host}:{port}: {failure}"),
            }
        }
        Err(last)
    }

    async fn ask_sentinel(
        &self,
        host: &str,
        port: u16,
        service: &str,
        login: &Login,
    ) -> Result<MultiplexedConnection, String> {
        let open = Login { user: None, password: None, ca: login.ca.clone() };
        let mut sentinel = enter(&self.address, host, port, 0, &open).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
        let mut answer = question.query_async::<Value>(&mut sentinel).await;
        if answer.as_ref().is_err_and(|error| error.code() == Some("NOAUTH")) {
            sentinel = enter(&self.address, host, port, 0, login).await?;
            answer = question.query_async::<Value>(&mut sentinel).await;
        }
        let answer = answer.map_err(|error| error.to_string())?;
        let (host, port) = host_and_port(answer).ok_or_else(|| format!("knows no service {service}"))?;
        let mut primary = enter(&self.address, &host, port, self.address.database, login).await?;
        let role = redis::cmd("ROLE").query_async::<Value>(&mut primary).await.map_err(|error| error.to_string())?;
        match reply::word(role) {
            Ok((role, _)) if role == "master" => Ok(primary),
            _ => Err(format!("{host}:{port} is not the primary")),
        }
    }

    /// Asks one after the other who has the slot of the store.
    async fn in_cluster(&self, login: &Login) -> Result<MultiplexedConnection, String> {
        let mut last = String::new();
        for (host, port) in &self.address.hosts {
            match self.ask_member(host, *port, login).await {
                Ok(connection) => return Ok(connection),
                Err(failure) => last = format!("{host}:{port}: {failure}"),
            }
        }
        Err(last)
    }

    async fn ask_member(&self, host: &str, port: u16, login: &Login) -> Result<MultiplexedConnection, String> {
        let mut member = enter(&self.address, host, port, 0, login).await?;
        let mut question = redis::cmd("CLUSTER");
        question.arg("KEYSLOT").arg(&self.name);
        let slot: u64 = question.query_async(&mut member).await.map_err(|error| error.to_string())?;
        let mut question = redis::cmd("CLUSTER");
        question.arg("SLOTS");
        let slots = question.query_async::<Value>(&mut member).await.map_err(|error| error.to_string())?;
        let owner = owner_of(slots, slot).ok_or_else(|| format!("nobody has slot {slot}"))?;
        let owner = if owner.0.is_empty() { (host.to_owned(), owner.1) } else { owner };
        enter(&self.address, &owner.0, owner.1, 0, login).await
    }
}

/// Connects and logs in.
async fn enter(
    address: &Address,
    host: &str,
    port: u16,
    database: i64,
    login: &Login,
) -> Result<MultiplexedConnection, String> {
    let said = |error: redis::RedisError| format!("{host}:{port}: {error}");
    let mut redis = RedisConnectionInfo::default().set_db(database).set_skip_set_lib_name();
    if let Some(user) = &login.user {
        redis = redis.set_username(user);
    }
    if let Some(password) = &login.password {
        redis = redis.set_password(password);
    }
    let place = if address.tls {
        ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host.to_owned(), port)
    };
    let info = place.into_connection_info().map_err(said)?;
    let info = info.set_redis_settings(redis).set_tcp_settings(TcpSettings::default().set_nodelay(true));
    if address.tls {
        // A second call finds it installed, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
    }
    let client = if address.tls {
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: login.ca.clone() })
    } else {
        Client::open(info)
    };
    // Every command has its own bound.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    client.map_err(said)?.get_multiplexed_async_connection_with_config(&config).await.map_err(said)
}

fn host_and_port(answer: Value) -> Option<(String, u16)> {
    let mut parts = reply::array(answer, "host and port").ok()?.into_iter();
    let host = reply::text(parts.next()?, "a host").ok()?;
    let port = reply::number(parts.next()?, "a port").ok()?;
    Some((host, u16::try_from(port).ok()?))
}

/// Host and port of the primary that has a slot, out of what `CLUSTER SLOTS` says.
fn owner_of(slots: Value, slot: u64) -> Option<(String, u16)> {
    for range in reply::array(slots, "ranges of slots").ok()? {
        let mut range = reply::array(range, "a range of slots").ok()?.into_iter();
        let first = reply::number(range.next()?, "a slot").ok()?;
        let last = reply::number(range.next()?, "a slot").ok()?;
        if (first..=last).contains(&slot) {
            let mut owner = reply::array(range.next()?, "a node").ok()?.into_iter();
            let host = owner.next().and_then(|host| reply::text(host, "a host").ok()).unwrap_or_default();
            return Some((host, u16::try_from(reply::number(owner.next()?, "a port").ok()?).ok()?));
        }
    }
    None
}
