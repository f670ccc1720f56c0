/* Copyright (c) 2026, officefleet.c2r contributors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OfficeC2RCom.dll for Wine: IUpdateNotify2 by vtable, in process, without a model of its own. Every answer is the lab's,
 * asked for with one line over a loopback connection of its own (tests/windows/lab_bridge.py):
 *     > METHOD WORD...                        a text is "-" (null) or "=" and its UTF-16LE in hexadecimal
 *     < HRESULT STATUS ERROR TEXT             hexadecimal, decimal, decimal, a text
 * The objects and strings it has given out are counted for leaks, see Counters(). Strings need oleaut32's cache to be
 * off (environment: OANOCACHE=1), or freed ones would not be seen.
 */
#define COBJMACROS
#define INITGUID
#include <winsock2.h>
#include <windows.h>
#include <objbase.h>
#include <oleauto.h>
#include <stdio.h>

#define ANSWER_BYTES 65536

DEFINE_GUID(CLSID_UpdateNotifyObject, 0xb7f1785f, 0xd69b, 0x46f1, 0x92, 0xfc, 0xd2, 0xde, 0x9c, 0x99, 0x4f, 0x13);
DEFINE_GUID(CLSID_UpdateNotifyObject2, 0x52c2f9c2, 0xf1ac, 0x4021, 0xbf, 0x50, 0x75, 0x6a, 0x5f, 0xa8, 0xdd, 0xfe);
DEFINE_GUID(IID_IUpdateNotify2, 0x90e166f0, 0xd621, 0x4793, 0xbe, 0x78, 0xf5, 0x80, 0x08, 0xdd, 0xdd, 0x2a);

/* -- what was given out and not yet given back ---------------------------------------------------------------------- */

static LONG live_objects, made_objects, made_strings;

/* The memory blocks of live strings. OLE tells its one IMallocSpy of every block that comes and goes. */
static void **live_blocks;
static LONG live_strings, room_for_blocks;
static CRITICAL_SECTION guard; /* over the blocks and their number */
static volatile DWORD allocating_thread; /* the thread that is making one of our strings */
static CRITICAL_SECTION making; /* held meanwhile; not `guard`, which OLE waits for with a lock of its own held */

static HRESULT WINAPI spy_query(IMallocSpy *spy, REFIID iid, void **out) {
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IMallocSpy)) {
        *out = spy;
        return S_OK;
    }
    *out = NULL;
    return E_NOINTERFACE;
}
static ULONG WINAPI spy_ref(IMallocSpy *spy) { (void)spy; return 2; }

static SIZE_T WINAPI spy_pre_alloc(IMallocSpy *spy, SIZE_T size) { (void)spy; return size; }

static void *WINAPI spy_post_alloc(IMallocSpy *spy, void *block) {
    (void)spy;
    EnterCriticalSection(&guard);
    if (block && allocating_thread == GetCurrentThreadId()) {
        if (live_strings == room_for_blocks) {
            room_for_blocks = room_for_blocks ? room_for_blocks * 2 : 64;
            live_blocks = realloc(live_blocks, room_for_blocks * sizeof *live_blocks);
            if (!live_blocks) abort();
        }
        live_blocks[live_strings++] = block;
        made_strings++;
    }
    LeaveCriticalSection(&guard);
    return block;
}

static void *WINAPI spy_pre_free(IMallocSpy *spy, void *block, BOOL spied) {
    LONG i;
    (void)spy; (void)spied;
    EnterCriticalSection(&guard);
    for (i = 0; block && i < live_strings; i++) {
        if (live_blocks[i] == block) {
            live_blocks[i] = live_blocks[--live_strings];
            break;
        }
    }
    LeaveCriticalSection(&guard);
    return block;
}

static void WINAPI spy_post_free(IMallocSpy *spy, BOOL spied) { (void)spy; (void)spied; }
static SIZE_T WINAPI spy_pre_realloc(IMallocSpy *spy, void *block, SIZE_T size, void **actual, BOOL spied) {
    (void)spy; (void)spied;
    *actual = block;
    return size;
}
static void *WINAPI spy_pass(IMallocSpy *spy, void *block, BOOL spied) { (void)spy; (void)spied; return block; }
static SIZE_T WINAPI spy_post_size(IMallocSpy *spy, SIZE_T size, BOOL spied) { (void)spy; (void)spied; return size; }
static int WINAPI spy_post_did_alloc(IMallocSpy *spy, void *block, BOOL spied, int actual) {
    (void)spy; (void)block; (void)spied;
    return actual;
}
static void WINAPI spy_heap(IMallocSpy *spy) { (void)spy; }

static IMallocSpyVtbl spy_table = {
    spy_query, spy_ref, spy_ref, spy_pre_alloc, spy_post_alloc, spy_pre_free, spy_post_free, spy_pre_realloc,
    spy_pass, spy_pass, spy_post_size, spy_pass, spy_post_did_alloc, spy_heap, spy_heap,
};
static IMallocSpy spy = { &spy_table };

/* For the test driver: objects alive, strings alive, objects ever made, strings ever made. */
void WINAPI Counters(LONG counts[4]) {
    EnterCriticalSection(&guard);
    counts[0] = live_objects;
    counts[1] = live_strings;
    counts[2] = made_objects;
    counts[3] = made_strings;
    LeaveCriticalSection(&guard);
}

/* -- texts of the wire ---------------------------------------------------------------------------------------------- */

static char *put_text(char *to, const wchar_t *text) {
    static const char digits[] = "0123456789abcdef";
    if (!text) {
        *to++ = '-';
        return to;
    }
    for (*to++ = '='; *text; text++) {
        *to++ = digits[*text >> 4 & 15]; /* the low byte comes first */
        *to++ = digits[*text & 15];
        *to++ = digits[*text >> 12 & 15];
        *to++ = digits[*text >> 8 & 15];
    }
    return to;
}

static BSTR give_text(const char *from) {
    size_t length, i;
    BSTR text;
    if (*from != '=') return NULL;
    length = strspn(++from, "0123456789abcdef") / 4;
    EnterCriticalSection(&making);
    allocating_thread = GetCurrentThreadId();
    text = SysAllocStringLen(NULL, (UINT)length);
    allocating_thread = 0;
    LeaveCriticalSection(&making);
    if (!text) abort();
    for (i = 0; i < length; i++) {
        unsigned low, high;
        sscanf(from + 4 * i, "%2x%2x", &low, &high);
        text[i] = (wchar_t)(high << 8 | low);
    }
    return text;
}

/* -- one question to the lab ---------------------------------------------------------------------------------------- */

typedef struct {
    unsigned hresult, status, error;
    char text[ANSWER_BYTES]; /* as on the wire */
} Answer;

static HRESULT exchange(const char *request, char *reply) {
    struct sockaddr_in address = { .sin_family = AF_INET };
    const char *port = getenv("OFFICEFLEET_LAB_PORT");
    size_t size = strlen(request), filled = 0;
    HRESULT result = S_OK;
    int got = 0;
    SOCKET lab = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((u_short)atoi(port ? port : "0"));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(lab, (struct sockaddr *)&address, sizeof address) || send(lab, request, (int)size, 0) != (int)size) {
        result = HRESULT_FROM_WIN32(WSAGetLastError());
    } else {
        while ((got = recv(lab, reply + filled, (int)(ANSWER_BYTES - 1 - filled), 0)) > 0) filled += got;
        if (got < 0) result = HRESULT_FROM_WIN32(WSAGetLastError());
    }
    reply[filled] = 0;
    closesocket(lab);
    return result;
}

/* The method's answer; E_UNEXPECTED or a socket's error, which the lab never gives, when the lab could not be asked. */
static HRESULT ask(Answer *answer, const char *method, const int *number, const wchar_t *const *text) {
    char *request = malloc(64 + (text && *text ? 4 * wcslen(*text) : 0)), *end, *reply = malloc(ANSWER_BYTES);
    HRESULT result;
    WSADATA data;
    if (!request || !reply) abort();
    end = request + sprintf(request, "%s", method);
    if (number) end += sprintf(end, " %d", *number);
    if (text) {
        *end++ = ' ';
        end = put_text(end, *text);
    }
    strcpy(end, "\n");
    WSAStartup(MAKEWORD(2, 2), &data);
    result = exchange(request, reply);
    WSACleanup();
    if (SUCCEEDED(result)) {
        int fields = sscanf(reply, "%x %u %u %65535s", &answer->hresult, &answer->status, &answer->error, answer->text);
        result = fields == 4 ? (HRESULT)answer->hresult : E_UNEXPECTED;
    }
    if (FAILED(result)) strcpy(answer->text, "-");
    free(request);
    free(reply);
    return result;
}

/* A question whose answer is an HRESULT and, where `out` is given, a string. */
static HRESULT ask_text(const char *method, const int *number, const wchar_t *const *text, BSTR *out) {
    Answer *answer = malloc(sizeof *answer);
    HRESULT result;
    if (!answer) abort();
    result = ask(answer, method, number, text);
    if (out) *out = give_text(answer->text);
    free(answer);
    return result;
}

/* -- the object ----------------------------------------------------------------------------------------------------- */

typedef struct { DWORD status; UINT error; BSTR contentid; } UPDATE_STATUS_REPORT;
typedef struct UpdateNotify UpdateNotify;
typedef struct {
    HRESULT(WINAPI *QueryInterface)(UpdateNotify *, REFIID, void **);
    ULONG(WINAPI *AddRef)(UpdateNotify *);
    ULONG(WINAPI *Release)(UpdateNotify *);
    HRESULT(WINAPI *Download)(UpdateNotify *, LPWSTR);
    HRESULT(WINAPI *Apply)(UpdateNotify *, LPWSTR);
    HRESULT(WINAPI *Cancel)(UpdateNotify *);
    HRESULT(WINAPI *Status)(UpdateNotify *, UPDATE_STATUS_REPORT *);
    HRESULT(WINAPI *GetBlockingApps)(UpdateNotify *, BSTR *);
    HRESULT(WINAPI *GetOfficeDeploymentData)(UpdateNotify *, int, LPCWSTR, BSTR *);
} UpdateNotifyTable;
struct UpdateNotify { const UpdateNotifyTable *table; LONG references; };

static HRESULT WINAPI query(UpdateNotify *self, REFIID iid, void **out) {
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IUpdateNotify2)) {
        *out = NULL;
        return E_NOINTERFACE;
    }
    InterlockedIncrement(&self->references);
    *out = self;
    return S_OK;
}
static ULONG WINAPI add_ref(UpdateNotify *self) { return InterlockedIncrement(&self->references); }
static ULONG WINAPI release(UpdateNotify *self) {
    LONG left = InterlockedDecrement(&self->references);
    if (!left) {
        free(self);
        InterlockedDecrement(&live_objects);
    }
    return left;
}
static HRESULT WINAPI download(UpdateNotify *self, LPWSTR parameters) {
    const wchar_t *text = parameters;
    (void)self;
    return ask_text("Download", NULL, &text, NULL);
}
static HRESULT WINAPI apply(UpdateNotify *self, LPWSTR parameters) {
    const wchar_t *text = parameters;
    (void)self;
    return ask_text("Apply", NULL, &text, NULL);
}
static HRESULT WINAPI cancel(UpdateNotify *self) {
    (void)self;
    return ask_text("Cancel", NULL, NULL, NULL);
}
static HRESULT WINAPI status(UpdateNotify *self, UPDATE_STATUS_REPORT *report) {
    Answer *answer = malloc(sizeof *answer);
    HRESULT result;
    (void)self;
    if (!answer) abort();
    result = ask(answer, "Status", NULL, NULL);
    if (SUCCEEDED(result)) {
        report->status = answer->status;
        report->error = answer->error;
        report->contentid = give_text(answer->text);
    }
    free(answer);
    return result;
}
static HRESULT WINAPI get_blocking_apps(UpdateNotify *self, BSTR *apps) {
    (void)self;
    return ask_text("GetBlockingApps", NULL, NULL, apps);
}
static HRESULT WINAPI get_office_deployment_data(UpdateNotify *self, int type, LPCWSTR name, BSTR *data) {
    (void)self;
    return ask_text("GetOfficeDeploymentData", &type, &name, data);
}
static const UpdateNotifyTable table = {
    query, add_ref, release, download, apply, cancel, status, get_blocking_apps, get_office_deployment_data,
};

/* -- its class ------------------------------------------------------------------------------------------------------ */

static HRESULT WINAPI factory_query(IClassFactory *self, REFIID iid, void **out) {
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IClassFactory)) {
        *out = self;
        return S_OK;
    }
    *out = NULL;
    return E_NOINTERFACE;
}
static ULONG WINAPI factory_ref(IClassFactory *self) { (void)self; return 2; }
static HRESULT WINAPI create(IClassFactory *self, IUnknown *outer, REFIID iid, void **out) {
    UpdateNotify *object;
    HRESULT result;
    (void)self;
    *out = NULL;
    if (outer) return CLASS_E_NOAGGREGATION;
    result = ask_text("Activate", NULL, NULL, NULL);
    if (FAILED(result)) return result;
    object = malloc(sizeof *object);
    if (!object) abort();
    object->table = &table;
    object->references = 1;
    InterlockedIncrement(&live_objects);
    InterlockedIncrement(&made_objects);
    result = query(object, iid, out);
    release(object);
    return result;
}
static HRESULT WINAPI factory_lock(IClassFactory *self, BOOL lock) { (void)self; (void)lock; return S_OK; }
static IClassFactoryVtbl factory_table = { factory_query, factory_ref, factory_ref, create, factory_lock };
static IClassFactory factory = { &factory_table };

HRESULT WINAPI DllGetClassObject(REFCLSID clsid, REFIID iid, void **out) {
    if (!IsEqualCLSID(clsid, &CLSID_UpdateNotifyObject) && !IsEqualCLSID(clsid, &CLSID_UpdateNotifyObject2)) {
        return CLASS_E_CLASSNOTAVAILABLE;
    }
    CoRegisterMallocSpy(&spy); /* refused when it is there already */
    return factory_query(&factory, iid, out);
}

/* Never: the counters have to outlive the objects. */
HRESULT WINAPI DllCanUnloadNow(void) { return S_FALSE; }

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved) {
    (void)self; (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        InitializeCriticalSection(&guard);
        InitializeCriticalSection(&making);
    }
    return TRUE;
}
