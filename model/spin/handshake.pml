/* The cache alignment of two servers, as in model/src/handshake.rs: the same variables, the same steps, the same names.
 *
 * Every process has one place only, and every step is a d_step: so a state of Spin is a state of the variables, and the
 * numbers of states can be compared exactly (with -DNOREDUCE). Scratch variables are 0 between steps.
 *
 * -DREORDER=1  a link delivers in any order      -DFAULT=1   the slave takes a repeated CA for the next one
 * -DPROPERTY=1 complete, 2 in-step               -DLOSSES=n  so many messages may be lost
 */
#ifndef REORDER
#define REORDER 0
#endif
#ifndef FAULT
#define FAULT 0
#endif
#ifndef PROPERTY
#define PROPERTY 0
#endif
#ifndef LOSSES
#define LOSSES 2
#endif

#ifndef SUMMARIES
#define SUMMARIES 2             /* of each server, one in a CA; at most 3 */
#endif
#define ALL ((1 << SUMMARIES) - 1)
#ifndef NUMBERS
#define NUMBERS 8               /* CA sequence numbers, then from 0 again; at most 8 */
#endif

#define NEGOTIATION 0
#define SUMMARIZE 1
#define UPDATE 2

/* A CA: present, M, I, O, three bits of number, two bits of summary (0: none). */
#define NUMBER(ca) ((ca >> 4) & 7)
#define SUMMARY(ca) (ca >> 7)
#define M(ca) ((ca >> 1) & 1)
#define I(ca) ((ca >> 2) & 1)
#define O(ca) ((ca >> 3) & 1)
#define BID(number) (15 | (number << 4))
#define IS_BID(ca) ((ca & 15) == 15 && SUMMARY(ca) == 0)

/* Server 0 has the smaller id and becomes the slave, server 1 the master. */
byte state[2];
byte number[2];
byte fresh[2] = 1;
byte told[2];
bool finished[2];
byte heard[2];
short last[2] = 15;              /* the bid with number 0, and it is on its way */
short bid;
short link[4] = { 15, 0, 15, 0 };                /* from server s: places 2s and 2s+1 */
byte losses = LOSSES;

short ca;
byte record;
byte more;
byte renew;

#define BOTH_UPDATED (state[0] == UPDATE && state[1] == UPDATE)
#define COMPLETE (!BOTH_UPDATED || (heard[0] == ALL && heard[1] == ALL))
#define IN_STEP (!(state[0] == SUMMARIZE && state[1] == SUMMARIZE) \
    || number[1] == number[0] || number[1] == (number[0] + 1) % NUMBERS)

inline check() {
    if
    :: PROPERTY == 1 -> assert(COMPLETE)
    :: PROPERTY == 2 -> assert(IN_STEP)
    :: else
    fi
}

/* Puts the last CA on the link; where there is no room it is lost. */
inline send(s) {
    if
    :: link[2 * s] == 0 -> link[2 * s] = last[s]
    :: link[2 * s] != 0 && link[2 * s + 1] == 0 -> link[2 * s + 1] = last[s]
    :: else
    fi
}

inline remove(s, place) {
    if
    :: !REORDER && place == 0 -> link[2 * s] = link[2 * s + 1]; link[2 * s + 1] = 0
    :: else -> link[2 * s + place] = 0
    fi
}

inline summarize(s) {
    if
    :: told[s] < SUMMARIES ->
        told[s] = told[s] + 1;
        record = told[s];
        more = (told[s] < SUMMARIES)
    :: else -> record = 0; more = 0
    fi;
    finished[s] = !more;
    last[s] = 1 | (s << 1) | (more << 3) | (number[s] << 4) | (record << 7);
    record = 0;
    more = 0;
    send(s)
}

inline negotiate(s) {
    state[s] = NEGOTIATION;
    number[s] = fresh[s];
    fresh[s] = (fresh[s] + 1) % NUMBERS;
    told[s] = 0;
    finished[s] = 0;
    heard[s] = 0;
    if
    :: s == 0 -> bid = 0
    :: else
    fi;
    last[s] = BID(number[s]);
    send(s)
}

inline hear(s) {
    if
    :: SUMMARY(ca) == 1 -> heard[s] = heard[s] | 1
    :: SUMMARY(ca) == 2 -> heard[s] = heard[s] | 2
    :: SUMMARY(ca) == 3 -> heard[s] = heard[s] | 4
    :: else
    fi
}

inline enter_update(s) {
    state[s] = UPDATE;
    told[s] = 0;
    finished[s] = 0
}

inline become_slave() {
    state[0] = SUMMARIZE;
    number[0] = NUMBER(ca);
    bid = ca;
    summarize(0)
}

inline slave_receives() {
    renew = 0;
    if
    :: state[0] == NEGOTIATION ->
        if
        :: IS_BID(ca) -> become_slave()
        :: else
        fi
    :: state[0] == SUMMARIZE ->
        if
        :: IS_BID(ca) && ca == bid -> send(0)
        :: !(IS_BID(ca) && ca == bid) && (!M(ca) || I(ca)) -> renew = 1
        :: else ->
            if
            :: NUMBER(ca) == number[0] && !FAULT -> send(0)
            :: NUMBER(ca) == (number[0] + 1) % NUMBERS || (NUMBER(ca) == number[0] && FAULT) ->
                hear(0);
                number[0] = NUMBER(ca);
                summarize(0);
                if
                :: finished[0] && !O(ca) -> enter_update(0); bid = 0
                :: else
                fi
            :: else -> renew = 1
            fi
        fi
    :: state[0] == UPDATE ->
        if
        :: NUMBER(ca) == NUMBER(last[0]) && M(ca) && !I(ca) -> send(0)
        :: else -> renew = 1
        fi
    fi;
    if
    :: renew ->
        negotiate(0);
        if
        :: IS_BID(ca) -> become_slave()
        :: else
        fi
    :: else
    fi;
    renew = 0
}

inline advance() {
    number[1] = (number[1] + 1) % NUMBERS;
    fresh[1] = (number[1] + 1) % NUMBERS
}

inline master_receives() {
    renew = 0;
    if
    :: state[1] == NEGOTIATION ->
        if
        :: !M(ca) && !I(ca) && NUMBER(ca) == number[1] ->
            state[1] = SUMMARIZE;
            hear(1);
            advance();
            summarize(1)
        :: else
        fi
    :: state[1] == SUMMARIZE ->
        if
        :: M(ca) || I(ca) -> renew = 1
        :: else ->
            if
            :: NUMBER(ca) == (number[1] + NUMBERS - 1) % NUMBERS
            :: NUMBER(ca) == number[1] ->
                hear(1);
                advance();
                if
                :: finished[1] && !O(ca) -> last[1] = 0; enter_update(1)
                :: else -> summarize(1)
                fi
            :: else -> renew = 1
            fi
        fi
    :: state[1] == UPDATE -> renew = 1
    fi;
    if
    :: renew -> negotiate(1)
    :: else
    fi;
    renew = 0
}

#define ROOM(s) (link[2 * s] == 0 || link[2 * s + 1] == 0)

/* CAReXmtInterval runs out, at any moment. */
active proctype slave_timer() {
end: do
    :: d_step { state[0] == NEGOTIATION && ROOM(0) -> send(0); check() }
    od
}

active proctype master_timer() {
end: do
    :: d_step { state[1] != UPDATE && ROOM(1) -> send(1); check() }
    od
}

active proctype to_master() {
end: do
    :: d_step { link[0] != 0 -> ca = link[0]; remove(0, 0); master_receives(); ca = 0; check() }
    od
}

active proctype to_slave() {
end: do
    :: d_step { link[2] != 0 -> ca = link[2]; remove(1, 0); slave_receives(); ca = 0; check() }
    od
}

#if REORDER
active proctype to_master_later() {
end: do
    :: d_step { link[1] != 0 -> ca = link[1]; remove(0, 1); master_receives(); ca = 0; check() }
    od
}

active proctype to_slave_later() {
end: do
    :: d_step { link[3] != 0 -> ca = link[3]; remove(1, 1); slave_receives(); ca = 0; check() }
    od
}
#endif

active proctype loss() {
end: do
    :: d_step { losses > 0 && link[0] != 0 -> remove(0, 0); losses-- ; check() }
    :: d_step { losses > 0 && link[1] != 0 -> remove(0, 1); losses-- ; check() }
    :: d_step { losses > 0 && link[2] != 0 -> remove(1, 0); losses-- ; check() }
    :: d_step { losses > 0 && link[3] != 0 -> remove(1, 1); losses-- ; check() }
    od
}

#ifdef LTL
ltl aligned { <> BOTH_UPDATED }
#endif
