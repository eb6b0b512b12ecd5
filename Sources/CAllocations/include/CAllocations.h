#pragma once

/// Calls of malloc, calloc and realloc so far; −1 where they cannot be counted.
long allocations_so_far(void);
