/* Copyright (c) 2026, officefleet.c2r contributors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Four functions of wtsapi32 with sessions and users out of a file, for whoever calls them through P/Invoke.
 *
 * The same source is a DLL for Windows (mingw) and a shared object for Mono on Linux. Environment:
 *   OFFICEFLEET_SESSIONS  a file: per line "id;state;domain;user;response;milliseconds;error", ASCII; a response of 0 is
 *                         a user who is not there. A last line "fail;ERROR" lets WTSEnumerateSessions fail.
 *   OFFICEFLEET_CALLS     a file that a line is appended to for each call; texts in it are hexadecimal.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#define API __declspec(dllexport)
#define CALL __stdcall
static void fail(uint32_t error) { SetLastError(error); }
static void rest(unsigned milliseconds) { Sleep(milliseconds); }
#else
#include <errno.h>
#include <time.h>
#define API __attribute__((visibility("default")))
#define CALL
static void fail(uint32_t error) { errno = (int)error; } /* where Mono looks for the last error */
static void rest(unsigned milliseconds)
{
    struct timespec time = { milliseconds / 1000, (long)(milliseconds % 1000) * 1000000L };
    nanosleep(&time, NULL);
}
#endif

#define MOST 64

typedef struct {
    uint32_t id;
    int32_t state;
    char domain[64];
    char user[64];
    uint32_t response;
    uint32_t milliseconds;
    uint32_t error;
} session;

/* WTS_SESSION_INFOW */
typedef struct {
    uint32_t SessionId;
    uint16_t *pWinStationName;
    int32_t State;
} session_info;

static void note(const char *line)
{
    const char *path = getenv("OFFICEFLEET_CALLS");
    FILE *file = path ? fopen(path, "ab") : NULL;
    if (file) {
        fwrite(line, 1, strlen(line), file); /* one write: the calls come from several threads */
        fclose(file);
    }
}

/* The number of sessions, or -1 with the error that the file asks for. */
static int read_sessions(session *sessions, uint32_t *error)
{
    const char *path = getenv("OFFICEFLEET_SESSIONS");
    FILE *file = path ? fopen(path, "rb") : NULL;
    char line[512];
    int count = 0;
    *error = 2;
    if (!file)
        return -1;
    while (count >= 0 && count < MOST && fgets(line, sizeof line, file)) {
        session *s = &sessions[count];
        memset(s, 0, sizeof *s);
        if (sscanf(line, "fail;%u", error) == 1) {
            count = -1;
        } else {
            char *part[7], *next = line;
            int parts = 0;
            while (parts < 7 && next) {
                part[parts++] = next;
                next = strchr(next, ';');
                if (next)
                    *next++ = 0;
            }
            if (parts < 7)
                continue;
            s->id = (uint32_t)strtoul(part[0], NULL, 10);
            s->state = (int32_t)strtol(part[1], NULL, 10);
            snprintf(s->domain, sizeof s->domain, "%s", part[2]);
            snprintf(s->user, sizeof s->user, "%s", part[3]);
            s->response = (uint32_t)strtoul(part[4], NULL, 10);
            s->milliseconds = (uint32_t)strtoul(part[5], NULL, 10);
            s->error = (uint32_t)strtoul(part[6], NULL, 10);
            count++;
        }
    }
    fclose(file);
    return count;
}

static void *give(size_t bytes)
{
    char line[64];
    void *memory = calloc(1, bytes);
    snprintf(line, sizeof line, "alloc %llx\n", (unsigned long long)(uintptr_t)memory);
    note(line);
    return memory;
}

static void put_hex(char *target, const uint16_t *text, uint32_t bytes)
{
    const unsigned char *from = (const unsigned char *)text;
    for (uint32_t place = 0; place < bytes; place++)
        sprintf(target + 2 * place, "%02x", from[place]);
    target[2 * (size_t)bytes] = 0;
}

API int32_t CALL WTSEnumerateSessionsW(
    void *server, uint32_t reserved, uint32_t version, session_info **infos, uint32_t *count)
{
    session sessions[MOST];
    uint32_t error;
    int found = read_sessions(sessions, &error);
    char line[128];
    snprintf(line, sizeof line, "enumerate %d %u %u\n", server != NULL, reserved, version);
    note(line);
    if (found < 0) {
        fail(error);
        return 0;
    }
    *infos = NULL; /* Wine gives no list where it has no sessions */
    *count = (uint32_t)found;
    if (found) {
        /* The names lie in the same block, as in Windows. */
        static const uint16_t name[] = { 'R', 'D', 'P', 0 };
        session_info *list = give((size_t)found * sizeof *list + sizeof name);
        uint16_t *names = (uint16_t *)(list + found);
        memcpy(names, name, sizeof name);
        for (int place = 0; place < found; place++) {
            list[place].SessionId = sessions[place].id;
            list[place].pWinStationName = names;
            list[place].State = sessions[place].state;
        }
        *infos = list;
    }
    return 1;
}

API int32_t CALL WTSQuerySessionInformationW(void *server, uint32_t id, int32_t what, uint16_t **buffer, uint32_t *bytes)
{
    session sessions[MOST];
    uint32_t error;
    int found = read_sessions(sessions, &error);
    (void)server;
    for (int place = 0; place < found; place++) {
        if (sessions[place].id == id) {
            const char *text = what == 5 ? sessions[place].user : what == 7 ? sessions[place].domain : NULL;
            if (!text || !strcmp(sessions[place].user, "?")) {
                fail(text ? 5 : 87);
                return 0;
            }
            size_t length = strlen(text);
            *bytes = (uint32_t)(2 * (length + 1));
            *buffer = give(*bytes);
            for (size_t letter = 0; letter < length; letter++)
                (*buffer)[letter] = (unsigned char)text[letter];
            return 1;
        }
    }
    fail(7022); /* ERROR_CTX_WINSTATION_NOT_FOUND */
    return 0;
}

API int32_t CALL WTSSendMessageW(
    void *server, uint32_t id, const uint16_t *title, uint32_t title_bytes, const uint16_t *message, uint32_t message_bytes,
    uint32_t style, uint32_t seconds, uint32_t *response, int32_t wait)
{
    session sessions[MOST];
    uint32_t error;
    int found = read_sessions(sessions, &error);
    size_t room = 128 + 2 * ((size_t)title_bytes + message_bytes);
    char *line = malloc(room);
    int used = snprintf(line, room, "send %d %u %x %u %d ", server != NULL, id, style, seconds, wait);
    put_hex(line + used, title, title_bytes + 2); /* with the null that has to follow */
    strcat(line, " ");
    put_hex(line + strlen(line), message, message_bytes + 2);
    strcat(line, "\n");
    note(line);
    free(line);
    for (int place = 0; place < found; place++) {
        const session *s = &sessions[place];
        if (s->id != id)
            continue;
        if (s->error) {
            fail(s->error);
            return 0;
        }
        if (!wait) {
            *response = 32001; /* IDASYNC */
        } else if (!s->response || s->milliseconds > seconds * 1000) {
            /* A response that comes too late by far: Windows itself hangs. */
            rest(s->response == 1460 ? s->milliseconds : seconds * 1000);
            *response = 32000; /* IDTIMEOUT */
        } else {
            rest(s->milliseconds);
            *response = s->response;
        }
        return 1;
    }
    fail(7022);
    return 0;
}

API void CALL WTSFreeMemory(void *memory)
{
    char line[64];
    snprintf(line, sizeof line, "free %llx\n", (unsigned long long)(uintptr_t)memory);
    note(line);
    free(memory);
}
