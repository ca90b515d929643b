/* Drives benchmarks/crowd.py: one connection a viewer, one beat every period, each on its own clock.
   crowd PORT FILE SECONDS PERIOD_MS; a line of FILE is "token covered_ms seq". Prints one JSON object. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, WAITING };

struct viewer {
    char token[128];
    long covered, seq;
    int fd, state, got;
    double due, next; /* when the present beat was due; when to send (again) */
    char answer[512];
};

static struct viewer *crowd;
static int count, port, poll_fd;
static double *delays;
static long acknowledged, sent, busy, refused, broken, space;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* A heap of viewers by `next`. */
static int *heap, heaped;

static void swap(int a, int b) { int x = heap[a]; heap[a] = heap[b]; heap[b] = x; }

static void push(int who) {
    int at = heaped++;
    heap[at] = who;
    while (at && crowd[heap[(at - 1) / 2]].next > crowd[heap[at]].next) { swap(at, (at - 1) / 2); at = (at - 1) / 2; }
}

static int pop(void) {
    int top = heap[0], at = 0;
    heap[0] = heap[--heaped];
    for (;;) {
        int best = at, left = 2 * at + 1;
        for (int child = left; child < left + 2; child++)
            if (child < heaped && crowd[heap[child]].next < crowd[heap[best]].next) best = child;
        if (best == at) return top;
        swap(at, best);
        at = best;
    }
}

static int dial(struct viewer *v, int who) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    /* Viewers come from several loopback addresses: one has too few ports for a crowd. */
    struct sockaddr_in from = {.sin_family = AF_INET};
    char home[32];
    snprintf(home, sizeof home, "127.0.0.%d", 2 + who % 8);
    inet_pton(AF_INET, home, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int one = 1;
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (v->fd < 0) return -1;
    setsockopt(v->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
    if (bind(v->fd, (void *)&from, sizeof from) || connect(v->fd, (void *)&to, sizeof to)) { close(v->fd); v->fd = -1; return -1; }
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(v->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = who};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, v->fd, &event);
    return 0;
}

static void send_beat(int who, int period) {
    struct viewer *v = &crowd[who];
    char body[512], message[1024];
    if (v->fd < 0 && dial(v, who)) { broken++; v->next = now() + 1; push(who); return; }
    int size = snprintf(body, sizeof body, "{\"lease\":\"%s\",\"seq\":%ld,\"spans\":[[%ld,%ld]],\"position\":%ld}",
                        v->token, v->seq + 1, v->covered, v->covered + period, v->covered + period);
    int whole = snprintf(message, sizeof message,
                         "POST /api/v1/progress/heartbeats HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         "Content-Length: %d\r\n\r\n%s", size, body);
    v->state = WAITING;
    v->got = 0;
    sent++;
    if (write(v->fd, message, whole) != whole) {
        close(v->fd);
        v->fd = -1, v->state = IDLE, broken++;
        v->next = now() + 1;
        push(who);
    }
}

static void hear(int who, int period) {
    struct viewer *v = &crowd[who];
    ssize_t n = read(v->fd, v->answer + v->got, sizeof v->answer - 1 - v->got);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        int waiting = v->state == WAITING;
        close(v->fd);
        v->fd = -1, v->state = IDLE;
        if (waiting) { broken++; v->next = now() + 1; push(who); }
        return;
    }
    v->got += n;
    v->answer[v->got] = 0;
    if (!strstr(v->answer, "\r\n\r\n") && v->got < (int)sizeof v->answer - 1) return;
    int status = atoi(v->answer + 9);
    if (v->state != WAITING) return;
    v->state = IDLE;
    if (status == 204) {
        if (acknowledged < space) delays[acknowledged] = now() - v->due;
        acknowledged++;
        v->covered += period, v->seq++;
        v->due += period / 1000.0;
        v->next = v->due;
    } else if (status == 503) {
        char *told = strcasestr(v->answer, "retry-after:");
        busy++;
        v->next = now() + (told ? atof(told + 12) : 5);
        close(v->fd);
        v->fd = -1;
    } else {
        refused++;
        close(v->fd);
        v->fd = -1;
        v->due += period / 1000.0;
        v->next = v->due;
    }
    push(who);
}

static int by_size(const void *a, const void *b) { return *(double *)a < *(double *)b ? -1 : *(double *)a > *(double *)b; }

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    port = atoi(argv[1]);
    double seconds = atof(argv[3]);
    int period = atoi(argv[4]), room = 1024;
    crowd = malloc(room * sizeof *crowd);
    FILE *file = fopen(argv[2], "r");
    struct viewer v = {.fd = -1};
    while (fscanf(file, "%127s %ld %ld", v.token, &v.covered, &v.seq) == 3) {
        if (count == room) crowd = realloc(crowd, (room *= 2) * sizeof *crowd);
        crowd[count++] = v;
    }
    space = (long)count * (seconds * 1000 / period + 3);
    delays = malloc(space * sizeof *delays);
    heap = malloc((count + 1) * sizeof *heap);
    poll_fd = epoll_create1(0);
    /* Everybody has come before the clock starts. */
    for (int who = 0; who < count; who++)
        if (dial(&crowd[who], who)) broken++;
    double start = now() + 1;
    srand(7);
    for (int who = 0; who < count; who++) {
        crowd[who].due = crowd[who].next = start + (double)rand() / RAND_MAX * period / 1000;
        push(who);
    }
    struct epoll_event events[512];
    double end = start + seconds;
    for (;;) {
        double t = now();
        while (heaped && crowd[heap[0]].next <= t && crowd[heap[0]].next < end) send_beat(pop(), period);
        if (t > end) {
            int waiting = 0;
            for (int who = 0; who < count; who++) waiting += crowd[who].state == WAITING;
            if (!waiting || t > end + 20) break;
        }
        double gap = heaped ? crowd[heap[0]].next - t : 0.05;
        if (gap < 0 || gap > 0.05) gap = 0.05;
        int ready = epoll_wait(poll_fd, events, 512, (int)(gap * 1000));
        for (int i = 0; i < ready; i++) hear(events[i].data.u32, period);
    }
    long unanswered = 0;
    for (int who = 0; who < count; who++) unanswered += crowd[who].state == WAITING;
    long known = acknowledged < space ? acknowledged : space;
    qsort(delays, known, sizeof *delays, by_size);
    printf("{\"seconds\": %.0f, \"sent\": %ld, \"acknowledged\": %ld, \"unanswered\": %ld, \"busy\": %ld, \"refused\": %ld, "
           "\"broken\": %ld, \"beats_per_s\": %.1f, \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"max_ms\": %.1f}\n",
           seconds, sent, acknowledged, unanswered, busy, refused, broken, acknowledged / seconds,
           known ? delays[known / 2] * 1e3 : 0, known ? delays[known * 99 / 100] * 1e3 : 0, known ? delays[known - 1] * 1e3 : 0);
    return 0;
}
