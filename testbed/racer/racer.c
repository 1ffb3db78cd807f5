/* Plays the game that puts a link in the place of a folder while a backup or a restore works on it.
 *
 *   racer FOLDER COUNT TARGET
 *
 * keeps a link FOLDER/.lNN to TARGET beside each folder FOLDER/dNN. As soon as anybody opens, lists or changes something
 * in dNN it exchanges the two names, and some milliseconds later it changes them back, for ever. What others removed
 * or replaced meanwhile it puts right. One static program: the image it runs in has no library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST 100
#define HOLD_NS 8000000L
#define REPAIR_NS 20000000L
#define WATCHED (IN_DONT_FOLLOW | IN_ONLYDIR | IN_OPEN | IN_CLOSE | IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_MOVED_TO)
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static int folder;
static int watch_of[MOST];
static long swapped_at[MOST]; /* 0: the folder lies under its own name */

static long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000L + at.tv_nsec;
}

static void names(int number, char name[16], char other[16]) {
    snprintf(name, 16, "d%02d", number);
    snprintf(other, 16, ".l%02d", number);
}

static int is(const char *name, mode_t kind) {
    struct stat found;
    return fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && (found.st_mode & S_IFMT) == kind;
}

static int exchange(int number) {
    char name[16], other[16];
    names(number, name, other);
    return (int)syscall(SYS_renameat2, folder, name, folder, other, RENAME_EXCHANGE);
}

static void swap_back(int count) {
    for (int number = 0; number < count; number++)
        if (swapped_at[number] && now() - swapped_at[number] > HOLD_NS) {
            exchange(number);
            swapped_at[number] = 0;
        }
}

static void repair(int number, int events, const char *target) {
    static long kept;
    char name[16], other[16], away[32];
    names(number, name, other);
    if (swapped_at[number])
        return;
    if (is(name, S_IFLNK) && is(other, S_IFDIR))
        exchange(number);
    if (is(name, S_IFLNK))
        unlink(name);
    if (!is(name, S_IFDIR) && is(other, S_IFDIR))
        rename(other, name);
    if (is(other, S_IFDIR)) {
        snprintf(away, sizeof away, ".x%ld", kept++);
        rename(other, away);
    }
    if (!is(other, S_IFLNK) && symlink(target, other))
        perror(other);
    watch_of[number] = inotify_add_watch(events, name, WATCHED);
}

static void read_events(int events, int count) {
    char buffer[65536] __attribute__((aligned(8)));
    ssize_t size;
    while ((size = read(events, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + size;) {
            struct inotify_event *event = (struct inotify_event *)at;
            for (int number = 0; number < count; number++)
                if (watch_of[number] == event->wd && !swapped_at[number] && exchange(number) == 0)
                    swapped_at[number] = now();
            at += sizeof *event + event->len;
        }
}

int main(int argc, char **argv) {
    int count = argc == 4 ? atoi(argv[2]) : 0;
    if (count < 1 || count > MOST) {
        fprintf(stderr, "usage: racer FOLDER COUNT TARGET\n");
        return 2;
    }
    folder = open(argv[1], O_RDONLY | O_DIRECTORY);
    int events = inotify_init1(IN_NONBLOCK);
    if (folder < 0 || events < 0 || fchdir(folder)) {
        perror(argv[1]);
        return 1;
    }
    for (int number = 0; number < count; number++)
        repair(number, events, argv[3]);
    puts("ready");
    fflush(stdout);
    struct pollfd wait = {.fd = events, .events = POLLIN};
    for (long repaired = now();;) {
        poll(&wait, 1, 2);
        read_events(events, count);
        swap_back(count);
        if (now() - repaired > REPAIR_NS) {
            for (int number = 0; number < count; number++)
                repair(number, events, argv[3]);
            repaired = now();
        }
    }
}
