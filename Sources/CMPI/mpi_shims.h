// MPI as functions that Swift can call: MPI_COMM_WORLD and its like are macros in some implementations, pointers in one
// and numbers in another. Every function returns MPI's code, 0 (MPI_SUCCESS) where all is well.
#ifndef TRANSLATE_MPI_SHIMS_H
#define TRANSLATE_MPI_SHIMS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

typedef struct {
  MPI_Request value;
} mpi_shim_request;

/// Starts MPI for threads that call it one at a time.
static inline int mpi_shim_start(int *has_threads) {
  int provided = 0;
  int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (code != MPI_SUCCESS) return code;
  *has_threads = provided >= MPI_THREAD_SERIALIZED;
  return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

static inline int mpi_shim_end(void) { return MPI_Finalize(); }
static inline int mpi_shim_abort(int status) { return MPI_Abort(MPI_COMM_WORLD, status); }
static inline int mpi_shim_rank(int *rank) { return MPI_Comm_rank(MPI_COMM_WORLD, rank); }
static inline int mpi_shim_size(int *size) { return MPI_Comm_size(MPI_COMM_WORLD, size); }

static inline int mpi_shim_send(
    const void *bytes, int count, int rank, int tag, mpi_shim_request *request) {
  return MPI_Isend(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &request->value);
}

static inline int mpi_shim_receive(void *bytes, int count, int rank, int tag, mpi_shim_request *request) {
  return MPI_Irecv(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &request->value);
}

static inline int mpi_shim_test(mpi_shim_request *request, int *is_done) {
  return MPI_Test(&request->value, is_done, MPI_STATUS_IGNORE);
}

/// What MPI says of a code; `text` has room for `size` characters.
static inline void mpi_shim_text(int code, char *text, int size) {
  char words[MPI_MAX_ERROR_STRING + 1];
  int length = 0;
  if (size < 1) return;
  text[0] = 0;
  if (MPI_Error_string(code, words, &length) != MPI_SUCCESS) return;
  words[length] = 0;
  strncpy(text, words, (size_t)size - 1);
  text[size - 1] = 0;
}

/// How the ranks lie on machines: how many machines there are, and how many ranks share the processors that this one may
/// run on. All ranks call it.
static inline int mpi_shim_places(int *machines, int *sharing) {
  MPI_Comm machine;
  int rank = 0, here = 0, first = 0, size = 0;
  int code = MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (code == MPI_SUCCESS) {
    code = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &machine);
  }
  if (code != MPI_SUCCESS) return code;
  MPI_Comm_rank(machine, &here);
  MPI_Comm_size(machine, &size);
  first = here == 0;
  code = MPI_Allreduce(&first, machines, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  *sharing = size;
#ifdef __linux__
  cpu_set_t own;
  cpu_set_t *all = (cpu_set_t *)malloc((size_t)size * sizeof(cpu_set_t));
  CPU_ZERO(&own);
  if (all != NULL && sched_getaffinity(0, sizeof(own), &own) == 0 &&
      MPI_Allgather(&own, sizeof(own), MPI_BYTE, all, sizeof(own), MPI_BYTE, machine) == MPI_SUCCESS) {
    int equal = 0;
    for (int other = 0; other < size; ++other) equal += CPU_EQUAL(&own, all + other) != 0;
    *sharing = equal;
  }
  free(all);
#endif
  MPI_Comm_free(&machine);
  return code;
}

#endif
