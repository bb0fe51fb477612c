#pragma once

// Marks for callgrind, which counts from one to the other (`--zero-before`, `--dump-before`). They do nothing.
void measured_region_begin(void);
void measured_region_end(void);
