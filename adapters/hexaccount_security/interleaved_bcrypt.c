/* bcrypt (Provos and Mazieres, A Future-Adaptable Password Scheme, 1999) of one to four passwords at once.
 *
 * Each step of Blowfish waits for the look-ups of the step before, so that one hash leaves most of a core idle. Here the
 * steps of independent hashes, the lanes, alternate within one loop. The states of four lanes, 17 KiB, stay in the first
 * level of cache; no branch depends on a password, a salt or a digest.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "blowfish_digits.h"

enum { MOST_LANES = 4, LOWEST_COST = 4, HIGHEST_COST = 31, SALT_BYTES = 16, LONGEST_PASSWORD = 72, DIGEST_BYTES = 23 };
enum { P_WORDS = 18, S_WORDS = 4 * 256, KEY_WORDS = LONGEST_PASSWORD / 4 };

struct lane {
    uint32_t state[P_WORDS + S_WORDS]; /* the P-array and the S-boxes of Blowfish */
    uint32_t key[KEY_WORDS];           /* the password and its final NUL, repeated */
    uint32_t salt[SALT_BYTES / 4];
    int cost;
    unsigned char digest[24];
};

#define INLINE static inline __attribute__((always_inline))
/* The number of lanes is a constant wherever this is expanded, and each loop is unrolled. */
#define EACH(i) _Pragma("GCC unroll 4") for (int i = 0; i < lanes; i++)

INLINE uint32_t substituted(const struct lane *lane, uint32_t x) {
    const uint32_t *s = lane->state + P_WORDS;
    return ((s[x >> 24] + s[256 + (x >> 16 & 255)]) ^ s[512 + (x >> 8 & 255)]) + s[768 + (x & 255)];
}

INLINE void encipher(const struct lane *lane, uint32_t *left, uint32_t *right, const int lanes) {
    EACH(i) left[i] ^= lane[i].state[0];
    _Pragma("GCC unroll 8") for (int n = 1; n < 17; n += 2) {
        EACH(i) right[i] ^= substituted(&lane[i], left[i]) ^ lane[i].state[n];
        EACH(i) left[i] ^= substituted(&lane[i], right[i]) ^ lane[i].state[n + 1];
    }
    EACH(i) {
        uint32_t last = left[i];
        left[i] = right[i] ^ lane[i].state[17];
        right[i] = last;
    }
}

/* ExpandKey without a salt. */
INLINE void expand(struct lane *lane, const int lanes) {
    uint32_t left[MOST_LANES] = {0}, right[MOST_LANES] = {0};
    for (int n = 0; n < P_WORDS + S_WORDS; n += 2) {
        encipher(lane, left, right, lanes);
        EACH(i) lane[i].state[n] = left[i], lane[i].state[n + 1] = right[i];
    }
}

/* ExpandKey with salt and key, the first step of EksBlowfishSetup. */
static void start(struct lane *lane) {
    uint32_t left = 0, right = 0;
    memcpy(lane->state, DIGITS, sizeof lane->state);
    for (int n = 0; n < P_WORDS; n++) lane->state[n] ^= lane->key[n];
    for (int n = 0; n < P_WORDS + S_WORDS; n += 2) {
        left ^= lane->salt[n & 2];
        right ^= lane->salt[(n & 2) + 1];
        encipher(lane, &left, &right, 1);
        lane->state[n] = left;
        lane->state[n + 1] = right;
    }
}

static void finish(struct lane *lane) {
    static const unsigned char text[25] = "OrpheanBeholderScryDoubt";
    for (int at = 0; at < 24; at += 8) {
        uint32_t half[2] = {0};
        for (int n = 0; n < 8; n++) half[n / 4] = half[n / 4] << 8 | text[at + n];
        for (int n = 0; n < 64; n++) encipher(lane, &half[0], &half[1], 1);
        for (int n = 0; n < 8; n++) lane->digest[at + n] = (unsigned char)(half[n / 4] >> (24 - n % 4 * 8));
    }
}

/* Run 2^work rounds for each lane; a lane of a lower cost has its digest earlier, and goes on. */
INLINE void run(struct lane *lane, const int lanes, int work) {
    EACH(i) start(&lane[i]);
    for (uint64_t round = 1; round <= (uint64_t)1 << work; round++) {
        for (int n = 0; n < P_WORDS; n++) EACH(i) lane[i].state[n] ^= lane[i].key[n];
        expand(lane, lanes);
        for (int n = 0; n < P_WORDS; n++) EACH(i) lane[i].state[n] ^= lane[i].salt[n & 3];
        expand(lane, lanes);
        if ((round & (round - 1)) == 0)
            EACH(i) if (round >> lane[i].cost == 1) finish(&lane[i]);
    }
}

static void run_1(struct lane *lane, int work) { run(lane, 1, work); }
static void run_2(struct lane *lane, int work) { run(lane, 2, work); }
static void run_3(struct lane *lane, int work) { run(lane, 3, work); }
static void run_4(struct lane *lane, int work) { run(lane, 4, work); }
static void (*const run_lanes[MOST_LANES])(struct lane *, int) = {run_1, run_2, run_3, run_4};

/* A compiler may leave out a memset of memory that is freed next, but no write to volatile memory. */
static void wipe(struct lane *lane, size_t bytes) {
    volatile uint32_t *word = (volatile uint32_t *)lane;
    for (size_t n = 0; n < bytes / sizeof *word; n++) word[n] = 0;
}

#define LANE_TYPES "each lane must be a tuple of cost (int), salt (bytes) and password (bytes)"

/* Read one (cost, salt, password); return 0, or -1 with an exception. */
static int read_lane(struct lane *lane, PyObject *given, int work) {
    PyObject *salt, *password;
    if (!PyTuple_Check(given)) {
        PyErr_SetString(PyExc_TypeError, LANE_TYPES);
        return -1;
    }
    if (!PyArg_ParseTuple(given, "iSS;" LANE_TYPES, &lane->cost, &salt, &password)) return -1;
    Py_ssize_t length = PyBytes_Size(password);
    if (lane->cost < LOWEST_COST || lane->cost > work) {
        PyErr_Format(PyExc_ValueError, "the cost must be from %d to the work of %d, not %d", LOWEST_COST, work, lane->cost);
        return -1;
    }
    if (PyBytes_Size(salt) != SALT_BYTES) {
        PyErr_Format(PyExc_ValueError, "a salt must have %d bytes, not %zd", SALT_BYTES, PyBytes_Size(salt));
        return -1;
    }
    if (length > LONGEST_PASSWORD) {
        PyErr_Format(PyExc_ValueError, "a password must have at most %d bytes, not %zd", LONGEST_PASSWORD, length);
        return -1;
    }
    /* Both objects are alive, and end with a NUL that PyBytes_Size does not count. */
    const unsigned char *bytes = (const unsigned char *)PyBytes_AsString(salt);
    for (int n = 0; n < SALT_BYTES; n++) lane->salt[n / 4] = lane->salt[n / 4] << 8 | bytes[n];
    bytes = (const unsigned char *)PyBytes_AsString(password);
    for (int n = 0; n < LONGEST_PASSWORD; n++) lane->key[n / 4] = lane->key[n / 4] << 8 | bytes[n % (length + 1)];
    return 0;
}

static PyObject *digests_of(const struct lane *lane, Py_ssize_t count) {
    PyObject *digests = PyList_New(count);
    for (Py_ssize_t n = 0; digests != NULL && n < count; n++) {
        PyObject *digest = PyBytes_FromStringAndSize((const char *)lane[n].digest, DIGEST_BYTES);
        if (digest == NULL || PyList_SetItem(digests, n, digest) < 0) Py_CLEAR(digests);
    }
    return digests;
}

PyDoc_STRVAR(hash_lanes_doc,
             "hash_lanes(work, lanes)\n--\n\n"
             "Return the digest of each (cost, salt, password), 23 bytes, after 2**work rounds for each.");

static PyObject *hash_lanes(PyObject *module, PyObject *arguments) {
    int work;
    PyObject *given;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iO!:hash_lanes", &work, &PyTuple_Type, &given)) return NULL;
    if (work < LOWEST_COST || work > HIGHEST_COST)
        return PyErr_Format(PyExc_ValueError, "work must be from %d to %d, not %d", LOWEST_COST, HIGHEST_COST, work);
    Py_ssize_t count = PyTuple_Size(given);
    if (count < 1 || count > MOST_LANES)
        return PyErr_Format(PyExc_ValueError, "there must be 1 to %d lanes, not %zd", MOST_LANES, count);
    size_t bytes = (size_t)count * sizeof(struct lane);
    struct lane *lane = PyMem_Calloc((size_t)count, sizeof(struct lane));
    if (lane == NULL) return PyErr_NoMemory();
    PyObject *digests = NULL;
    Py_ssize_t read = 0;
    while (read < count && read_lane(&lane[read], PyTuple_GetItem(given, read), work) == 0) read++;
    if (read == count) {
        Py_BEGIN_ALLOW_THREADS
        run_lanes[count - 1](lane, work);
        Py_END_ALLOW_THREADS
        digests = digests_of(lane, count);
    }
    wipe(lane, bytes);
    PyMem_Free(lane);
    return digests;
}

static PyMethodDef methods[] = {{"hash_lanes", hash_lanes, METH_VARARGS, hash_lanes_doc}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {{0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_interleaved_bcrypt",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__interleaved_bcrypt(void) { return PyModuleDef_Init(&definition); }
