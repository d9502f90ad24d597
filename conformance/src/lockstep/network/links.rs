//! Links that come and go, and servers that stop.

use serde_json::{Value, json};

use super::{Crosses, Link, Network, NetworkError};

impl Network<'_> {
    /// Brings every link up at time zero and lets the caches align.
    ///
    /// # Errors
    /// As [`Self::advance`].
    pub fn prologue(&mut self, until: u64) -> Result<(), NetworkError> {
        for position in 0..self.links.len() {
            self.link_up(position, Crosses::Everything)?;
        }
        self.advance(until)?;
        for link in &mut self.links {
            link.crossing = Crosses::Nothing;
        }
        Ok(())
    }

    fn link_between(&self, a: &str, b: &str) -> Result<usize, NetworkError> {
        let (a, b) = (self.server(a)?, self.server(b)?);
        let same = |link: &Link| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a);
        let found = self.links.iter().position(same);
        found.ok_or_else(|| NetworkError::Trace("there is no such link in the topology".to_owned()))
    }

    fn link_up(&mut self, position: usize, crossing: Crosses) -> Result<(), NetworkError> {
        let Some(link) = self.links.get_mut(position) else {
            return Ok(());
        };
        let (a, b) = (link.a, link.b);
        link.generation += 1;
        let generation = link.generation;
        let (name_a, peer_a) = (self.node(a)?.name.clone(), self.node(a)?.endpoint.clone());
        let (name_b, peer_b) = (self.node(b)?.name.clone(), self.node(b)?.endpoint.clone());
        let at_a = format!("{name_b}#{generation}");
        let at_b = format!("{name_a}#{generation}");
        if let Some(link) = self.links.get_mut(position) {
            link.vcs = Some((at_a.clone(), at_b.clone()));
            link.crossing = crossing;
        }
        // Both ends know of the VC before the first frame crosses it.
        self.call(a, |sut, now| sut.vc_up(now, &at_a, &peer_b))?;
        self.call(b, |sut, now| sut.vc_up(now, &at_b, &peer_a))?;
        self.settle()
    }

    fn link_down(&mut self, position: usize) -> Result<(), NetworkError> {
        let Some(link) = self.links.get_mut(position) else {
            return Ok(());
        };
        let (a, b) = (link.a, link.b);
        let Some((at_a, at_b)) = link.vcs.take() else {
            return Ok(());
        };
        self.queues.remove(&(a, b));
        self.queues.remove(&(b, a));
        for (index, vc) in [(a, at_a), (b, at_b)] {
            if self.node(index)?.sut.is_some() {
                self.call(index, |sut, now| sut.vc_down(now, &vc))?;
            }
        }
        self.settle()
    }

    /// Loses the VC between two servers, with all that was on its way.
    ///
    /// # Errors
    /// No such link, or a server under test that broke.
    pub fn cut(&mut self, a: &str, b: &str) -> Result<(), NetworkError> {
        let position = self.link_between(a, b)?;
        self.link_down(position)
    }

    /// Brings the VC back and lets the caches align until `until`.
    ///
    /// # Errors
    /// No such link, or a server under test that broke.
    pub fn heal(&mut self, a: &str, b: &str, until: u64) -> Result<(), NetworkError> {
        let position = self.link_between(a, b)?;
        self.link_up(position, Crosses::Answers)?;
        self.advance(until)?;
        if let Some(link) = self.links.get_mut(position) {
            link.crossing = Crosses::Nothing;
        }
        Ok(())
    }

    /// Starts a server that stopped again: nothing is left of its earlier life but the number of lives. Its clock is that
    /// of the others; no link is up.
    ///
    /// # Errors
    /// No such server, one that runs, or one that broke.
    pub fn restart(&mut self, name: &str) -> Result<(), NetworkError> {
        let index = self.server(name)?;
        let (case, seed) = self.case.clone();
        let node = self.nodes.get_mut(index);
        let Some((node, sut)) = node.and_then(|node| {
            let sut = node.down.take()?;
            Some((node, sut))
        }) else {
            return Err(NetworkError::Trace(
                "an act starts a server that runs".to_owned(),
            ));
        };
        let lives = node.config.get("incarnation").and_then(Value::as_u64);
        if let Some(config) = node.config.as_object_mut() {
            let next = lives.unwrap_or_default() + 1;
            config.insert("incarnation".to_owned(), json!(next));
        }
        let answer = sut.reset(&case, seed, &node.config);
        node.sut = Some(sut);
        let answer = answer.map_err(|error| NetworkError::Sut {
            server: name.to_owned(),
            error,
        })?;
        self.client_vcs.retain(|(_, server), _| *server != index);
        self.take(index, answer)?;
        self.call(index, |sut, now| sut.advance(now))?;
        self.settle()
    }

    /// Stops a server, for good or until [`Self::restart`]; its neighbours lose their VCs.
    ///
    /// # Errors
    /// No such server, or a neighbour that broke.
    pub fn crash(&mut self, name: &str) -> Result<(), NetworkError> {
        let index = self.server(name)?;
        if let Some(node) = self.nodes.get_mut(index) {
            node.down = node.sut.take();
            node.next = None;
        }
        for position in 0..self.links.len() {
            if self
                .links
                .get(position)
                .is_some_and(|link| link.a == index || link.b == index)
            {
                self.link_down(position)?;
            }
        }
        Ok(())
    }
}
