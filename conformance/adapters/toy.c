/* A toy MARS over `mars-sut/1` in C: clients register and leave again, and ask for groups that nobody is in.
 *
 * It has no groups, no SCSP, no timers: less than toy.py. What a real adapter needs is `main`, `answer` and the two
 * readers of JSON fields; see ../ADAPTERS.md. To build: cc -std=c99 -Wall -Wextra -O1 -o toy toy.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LLC = 8, FIXED = 32, MOST_OCTETS = 65536, MOST_CLIENTS = 64, MOST_VCS = 64, NAME = 64, LINE = 1 << 20 };
enum { REQUEST = 1, JOIN = 4, LEAVE = 5, NAK = 6, COPY = 0x40, REGISTER = 0x20 };

static const unsigned char header[LLC] = {0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 3};

struct client {
    unsigned char number[64];
    size_t length;
    unsigned cmi;
};

/* The server between two resets. */
static struct client clients[MOST_CLIENTS];
static size_t client_count;
static unsigned lowest, highest;
static unsigned long csn;
static long long now;
static char vcs[MOST_VCS][NAME];
static size_t vc_count;

/* What the request being answered brings about. */
static char out[4 * MOST_OCTETS];
static size_t out_length;

/* --- the two readers: enough for the harness's lines, which never have an escape in what is read here --- */

/* What follows the first `"key":` in the line; NULL without one. */
static const char *field(const char *line, const char *key) {
    char quoted[NAME];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(line, quoted);
    return found ? found + strlen(quoted) : NULL;
}

static long long number_of(const char *line, const char *key, long long otherwise) {
    const char *value = field(line, key);
    return value ? strtoll(value, NULL, 10) : otherwise;
}

/* Copies a string; an empty one without the key. */
static void text_of(const char *line, const char *key, char *to, size_t size) {
    const char *value = field(line, key);
    size_t length = 0;
    if (value && *value == '"')
        for (value++; *value && *value != '"' && length + 1 < size; value++)
            to[length++] = *value;
    to[length] = 0;
}

/* --- outputs --- */

static void append(const char *text) {
    size_t length = strlen(text);
    if (out_length + length < sizeof out) {
        memcpy(out + out_length, text, length + 1);
        out_length += length;
    }
}

static void append_hex(const unsigned char *octets, size_t length) {
    char pair[3];
    for (size_t at = 0; at < length; at++) {
        snprintf(pair, sizeof pair, "%02x", octets[at]);
        append(pair);
    }
}

static void begin(const char *kind) {
    char start[NAME];
    snprintf(start, sizeof start, "%s{\"at\":%lld,\"%s\":{", out_length ? "," : "", now, kind);
    append(start);
}

static void send_on(const char *vc, const unsigned char *message, size_t length) {
    begin("send");
    append("\"vc\":\"");
    append(vc);
    append("\",\"hex\":\"");
    append_hex(header, LLC);
    append_hex(message, length);
    append("\"}}");
}

static void leaf(const char *op, const unsigned char *number, size_t length) {
    begin("leaf");
    append("\"op\":\"");
    append(op);
    append("\",\"group\":\"ccvc\",\"peer\":{\"number\":\"");
    append_hex(number, length);
    append("\",\"form\":\"nsapa\"}}}");
}

/* --- the server --- */

static struct client *known(const unsigned char *number, size_t length) {
    for (size_t at = 0; at < client_count; at++)
        if (clients[at].length == length && !memcmp(clients[at].number, number, length))
            return &clients[at];
    return NULL;
}

static unsigned free_cmi(void) {
    for (unsigned cmi = lowest; cmi <= highest; cmi++) {
        size_t at = 0;
        while (at < client_count && clients[at].cmi != cmi)
            at++;
        if (at == client_count)
            return cmi;
    }
    return 0;
}

/* The private copy of a registration: copy bit, CMI, sequence number. */
static void copy_back(const char *vc, unsigned char *message, size_t length, unsigned cmi) {
    message[24] |= COPY;
    message[26] = (unsigned char)(cmi >> 8);
    message[27] = (unsigned char)cmi;
    for (int at = 0; at < 4; at++)
        message[28 + at] = (unsigned char)(csn >> (24 - 8 * at));
    send_on(vc, message, length);
}

static void registration(const char *vc, unsigned char *message, size_t length, int joins) {
    const unsigned char *number = message + FIXED;
    size_t size = message[18] & 63;
    struct client *client = known(number, size);
    if (joins && !client && client_count < MOST_CLIENTS) {
        unsigned cmi = free_cmi();
        if (!cmi)
            return;
        client = &clients[client_count++];
        memcpy(client->number, number, size);
        client->length = size;
        client->cmi = cmi;
        leaf("add", number, size);
    }
    if (joins && client)
        copy_back(vc, message, length, client->cmi);
    if (!joins && client) {
        *client = clients[--client_count];
        copy_back(vc, message, length, 0);
        leaf("drop", number, size);
    }
}

/* A frame; what is malformed or unknown is dropped. */
static void frame(const char *vc, unsigned char *octets, size_t length) {
    static const unsigned char ipv4[9] = {0, 15, 8, 0, 0, 0, 0, 0, 0};
    unsigned char *message = octets + LLC;
    if (length < LLC + FIXED || memcmp(octets, header, LLC) || memcmp(message, ipv4, sizeof ipv4) || message[16])
        return;
    length -= LLC;
    size_t tail = FIXED + (message[18] & 63) + (message[19] & 63) + message[20];
    message[12] = message[13] = 0; /* no checksum in what is sent; none checked in what comes */
    if (length < tail)
        return;
    if (message[17] == REQUEST && length >= tail + message[23] && known(message + FIXED, message[18] & 63)) {
        message[17] = NAK;
        send_on(vc, message, length);
    } else if ((message[17] == JOIN || message[17] == LEAVE) && message[24] & REGISTER && message[22] == 0 &&
               message[23] == 1 && length >= tail + 2 * message[21]) {
        registration(vc, message, length, message[17] == JOIN);
    }
}

static void deliver(const char *vc, const char *line) {
    static unsigned char octets[MOST_OCTETS];
    const char *hex = field(line, "hex");
    size_t length = 0;
    unsigned octet;
    if (hex && *hex == '"')
        for (hex++; length < sizeof octets && sscanf(hex, "%2x", &octet) == 1 && hex[0] != '"'; hex += 2)
            octets[length++] = (unsigned char)octet;
    frame(vc, octets, length);
}

static void reset(const char *line) {
    const char *range = field(line, "cmi_range");
    client_count = vc_count = 0;
    now = 0;
    csn = (unsigned long)number_of(line, "csn_start", 0);
    lowest = highest = 0;
    if (range)
        sscanf(range, " [ %u , %u", &lowest, &highest);
}

static int is_up(const char *vc) {
    for (size_t at = 0; at < vc_count; at++)
        if (!strcmp(vcs[at], vc))
            return 1;
    return 0;
}

/* Handles a request; gives what stands in the answer after the id. */
static const char *answer(const char *op, const char *line) {
    char vc[NAME];
    long long at = number_of(line, "at", number_of(line, "to", 0));
    if (!strcmp(op, "hello"))
        return number_of(line, "protocol", 0) != 1
                   ? "\"status\":\"error\",\"code\":\"version\",\"reason\":\"this adapter speaks protocol 1\""
                   : "\"implementation\":{\"name\":\"toy\",\"version\":\"1\",\"language\":\"C\"},"
                     "\"claims\":[\"server\"],\"probes\":[],\"status\":\"ok\"";
    if (!strcmp(op, "reset")) {
        reset(line);
        return "\"status\":\"ok\"";
    }
    if (!strcmp(op, "bye"))
        return "\"status\":\"ok\"";
    if (strcmp(op, "vc_up") && strcmp(op, "vc_down") && strcmp(op, "deliver") && strcmp(op, "leaf_gone") &&
        strcmp(op, "advance"))
        return "\"status\":\"unsupported\",\"reason\":\"this toy does not do that\"";
    if (at < now)
        return "\"status\":\"error\",\"code\":\"time-went-back\",\"reason\":\"\"";
    text_of(line, "vc", vc, sizeof vc);
    if (!strcmp(op, "deliver") && !is_up(vc))
        return "\"status\":\"error\",\"code\":\"unknown-vc\",\"reason\":\"\"";
    now = at;
    if (!strcmp(op, "vc_up") && vc_count < MOST_VCS)
        strcpy(vcs[vc_count++], vc);
    if (!strcmp(op, "deliver"))
        deliver(vc, line);
    return "\"status\":\"ok\"";
}

int main(void) {
    static char line[LINE + 2];
    char op[NAME] = "";
    while (strcmp(op, "bye") && fgets(line, sizeof line, stdin)) {
        text_of(line, "op", op, sizeof op);
        if (!*op || !field(line, "id")) {
            puts("{\"id\":null,\"status\":\"error\",\"code\":\"malformed-request\"}");
            fflush(stdout);
            continue;
        }
        out_length = 0;
        out[0] = 0;
        const char *says = answer(op, line);
        printf("{\"id\":%lld,%s,\"out\":[%s],\"next\":null}\n", number_of(line, "id", 0), says, out);
        fflush(stdout);
    }
    return 0;
}
