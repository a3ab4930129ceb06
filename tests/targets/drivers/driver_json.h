/* What the drivers in C share for the driver protocol (docs/driver-protocol.md):
   text that grows, to write answers into, and a scanner that works inside the
   line it reads. No memory is taken for a request. */
#ifndef DRIVER_JSON_H
#define DRIVER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text that grows ---- */

struct text {
    char *at;
    size_t size, room;
};

/* Makes room for so many bytes more and returns where they go. */
static inline char *text_room(struct text *t, size_t more)
{
    if (t->room - t->size < more) {
        size_t room = (t->size + more) * 2;
        char *at = realloc(t->at, room);
        if (at == NULL) {
            perror("realloc");
            _Exit(1);
        }
        t->at = at;
        t->room = room;
    }
    return t->at + t->size;
}

static inline void put_bytes(struct text *t, const char *bytes, size_t size)
{
    memcpy(text_room(t, size), bytes, size);
    t->size += size;
}

static inline void put(struct text *t, const char *string)
{
    put_bytes(t, string, strlen(string));
}

static inline void put_number(struct text *t, long long number)
{
    char digits[24], *p = digits + sizeof digits;
    unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number
                                         : (unsigned long long)number;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--p = '-';
    put_bytes(t, p, (size_t)(digits + sizeof digits - p));
}

static inline void put_hex(struct text *t, const unsigned char *bytes, size_t size)
{
    static const char digit[] = "0123456789abcdef";
    char *p = text_room(t, 2 * size);
    for (size_t i = 0; i < size; i++) {
        *p++ = digit[bytes[i] >> 4];
        *p++ = digit[bytes[i] & 15];
    }
    t->size += 2 * size;
}

/* ---- the scanner ----
   It stands on one line that ends with a zero byte. Every function returns
   false where the line is no JSON. */

enum kind { NUMBER, OTHER_NUMBER, STRING, BOOLEAN, NOTHING, ARRAY, OBJECT };

struct value {
    enum kind kind;
    long long number; /* of NUMBER and BOOLEAN; OTHER_NUMBER is no integer or too large */
    char *text;       /* of STRING, decoded inside the line, with a zero byte after it */
    size_t size;
};

struct scanner {
    char *at;
    int depth;
};

static inline char next_char(struct scanner *s)
{
    while (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')
        s->at++;
    return *s->at;
}

static inline bool take(struct scanner *s, char c)
{
    if (next_char(s) != c)
        return false;
    s->at++;
    return true;
}

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool scan_string(struct scanner *s, char **text, size_t *size)
{
    if (!take(s, '"'))
        return false;
    char *from = s->at, *to = from;
    *text = from;
    while (*from != '"') {
        if ((unsigned char)*from < 0x20)
            return false;
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        switch (*++from) {
        case '"': case '\\': case '/': *to++ = *from; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
            unsigned code = 0;
            for (int i = 0; i < 4; i++) {
                int digit = hex_digit(*++from);
                if (digit < 0)
                    return false;
                code = code * 16 + (unsigned)digit;
            }
            /* No name or value of the protocol has other characters. */
            *to++ = code > 0 && code < 0x80 ? (char)code : '?';
            break;
        }
        default: return false;
        }
        from++;
    }
    *size = (size_t)(to - *text);
    *to = '\0'; /* at the latest on the closing quote */
    s->at = from + 1;
    return true;
}

static bool scan_number(struct scanner *s, struct value *v)
{
    char *p = s->at;
    bool minus = *p == '-', small = true;
    long long number = 0;
    p += minus;
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (number > 100000000000000000LL)
            small = false;
        else
            number = number * 10 + (*p - '0');
    }
    if (*p == '.') {
        small = false;
        if (p[1] < '0' || p[1] > '9')
            return false;
        do
            p++;
        while (*p >= '0' && *p <= '9');
    }
    if (*p == 'e' || *p == 'E') {
        small = false;
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (*p < '0' || *p > '9')
            return false;
        while (*p >= '0' && *p <= '9')
            p++;
    }
    s->at = p;
    v->kind = small ? NUMBER : OTHER_NUMBER;
    v->number = minus ? -number : number;
    return true;
}

static inline bool take_word(struct scanner *s, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(s->at, word, size) != 0)
        return false;
    s->at += size;
    return true;
}

/* Of an array and an object only the opening bracket is taken. */
static bool scan_value(struct scanner *s, struct value *v)
{
    switch (next_char(s)) {
    case '"':
        v->kind = STRING;
        return scan_string(s, &v->text, &v->size);
    case '[':
        v->kind = ARRAY;
        s->at++;
        return true;
    case '{':
        v->kind = OBJECT;
        s->at++;
        return true;
    case 't':
        v->kind = BOOLEAN;
        v->number = 1;
        return take_word(s, "true");
    case 'f':
        v->kind = BOOLEAN;
        v->number = 0;
        return take_word(s, "false");
    case 'n':
        v->kind = NOTHING;
        return take_word(s, "null");
    default:
        return scan_number(s, v);
    }
}

/* The next element of an array: 1 stands before it, 0 the array is over, -1 no JSON. */
static inline int next_element(struct scanner *s, bool *first)
{
    if (take(s, ']'))
        return 0;
    if (!*first && !take(s, ','))
        return -1;
    *first = false;
    return 1;
}

/* The next member of an object: 1 its name is read, 0 the object is over, -1 no JSON. */
static inline int next_member(struct scanner *s, bool *first, char **name, size_t *size)
{
    if (take(s, '}'))
        return 0;
    if (!*first && !take(s, ','))
        return -1;
    *first = false;
    return scan_string(s, name, size) && take(s, ':') ? 1 : -1;
}

/* Passes over what is inside a value that scan_value has returned. */
static bool skip_rest(struct scanner *s, const struct value *v)
{
    bool first = true, good = true;
    int more = 0;
    struct value inner;
    char *name;
    size_t size;
    if (v->kind != ARRAY && v->kind != OBJECT)
        return true;
    if (++s->depth > 64)
        return false;
    while (good && (more = v->kind == ARRAY ? next_element(s, &first)
                                            : next_member(s, &first, &name, &size)) > 0)
        good = scan_value(s, &inner) && skip_rest(s, &inner);
    s->depth--;
    return good && more == 0;
}

#endif
