/* MIT's acceptor, timed where it runs: batches of tokens on standard input, nanoseconds a token on standard output.
 *
 * A batch is a number of tokens, and each token a number of bytes and the bytes; numbers have four bytes, the least
 * significant first. What is not accepted ends the program.
 */
#include <gssapi/gssapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void fail(const char *what, OM_uint32 minor)
{
    OM_uint32 ignored, context = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &context, &text);
    fprintf(stderr, "%s: %.*s\n", what, (int)text.length, (char *)text.value);
    exit(1);
}

static int number(uint32_t *value)
{
    unsigned char bytes[4];
    if (fread(bytes, 1, 4, stdin) != 4)
        return 0;
    *value = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 1;
}

static gss_buffer_desc *batch(uint32_t count)
{
    gss_buffer_desc *tokens = calloc(count, sizeof *tokens);
    for (uint32_t i = 0; tokens && i < count; i++) {
        uint32_t length;
        if (!number(&length) || !(tokens[i].value = malloc(length)))
            exit(1);
        tokens[i].length = fread(tokens[i].value, 1, length, stdin);
    }
    return tokens;
}

static void accept_one(gss_cred_id_t service, gss_buffer_t token)
{
    OM_uint32 minor, ignored;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t client = GSS_C_NO_NAME;
    gss_buffer_desc answer = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_accept_sec_context(&minor, &context, service, token, GSS_C_NO_CHANNEL_BINDINGS, &client,
                                             NULL, &answer, NULL, NULL, NULL);
    if (major != GSS_S_COMPLETE)
        fail("gss_accept_sec_context", minor);
    gss_release_name(&ignored, &client);
    gss_release_buffer(&ignored, &answer);
    gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
}

int main(void)
{
    OM_uint32 minor;
    gss_cred_id_t service;
    if (gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT, &service, NULL, NULL))
        fail("gss_acquire_cred", minor);
    for (uint32_t count; number(&count);) {
        gss_buffer_desc *tokens = batch(count);
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (uint32_t i = 0; i < count; i++)
            accept_one(service, &tokens[i]);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
        printf("%.1f\n", elapsed / count);
        fflush(stdout);
        for (uint32_t i = 0; i < count; i++)
            free(tokens[i].value);
        free(tokens);
    }
    return 0;
}
