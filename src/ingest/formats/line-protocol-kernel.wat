;; The usual line of line protocol, read in WebAssembly: see line-protocol-kernel.ts, which says what the memory holds and what a
;; line must look like. `node tools/wasm.js` makes line-protocol-kernel.wasm.ts of this file.
(module
  ;; State 0…63, powers of ten from 64, the window, samples that were read, shapes and lines.
  (memory (export "memory") 16)

  ;; Digits at the beginning of eight characters, of which 0x30 is taken off.
  (func $digits (param $w i64) (result i64)
    (i64.shr_u
      (i64.ctz
        (i64.and
          (i64.or (i64.add (local.get $w) (i64.const 0x7676767676767676)) (local.get $w))
          (i64.const 0x8080808080808080)))
      (i64.const 3)))

  ;; The number that eight digits make, the first in the lowest byte: pairs, then fours, then all.
  (func $number (param $w i64) (result f64)
    (local.set $w
      (i64.add (i64.mul (local.get $w) (i64.const 10)) (i64.shr_u (local.get $w) (i64.const 8))))
    (f64.convert_i64_u
      (i64.shr_u
        (i64.add
          (i64.mul
            (i64.and (local.get $w) (i64.const 0x000000FF000000FF))
            (i64.const 0x000F424000000064))
          (i64.mul
            (i64.and (i64.shr_u (local.get $w) (i64.const 16)) (i64.const 0x000000FF000000FF))
            (i64.const 0x0000271000000001)))
        (i64.const 32))))

  ;; The first n characters of eight as a number; n from 1 to 8.
  (func $first (param $w i64) (param $n i64) (result f64)
    (call $number
      (i64.shl (local.get $w) (i64.sub (i64.const 64) (i64.shl (local.get $n) (i64.const 3))))))

  (func $power (param $n i64) (result f64)
    (f64.load offset=64 (i32.shl (i32.wrap_i64 (local.get $n)) (i32.const 3))))

  ;; Reads lines from $at until one is not as expected, the window ends, or there is no room for its samples. Leaves in the state:
  ;; 0 where the next line begins, 4 lines, 8 samples, 12 the line that was read last.
  (func (export "read")
    (param $at i32) (param $end i32) (param $last i32) (param $room i32)
    (param $series i32) (param $times i32) (param $values i32)
    (param $scale f64) (param $below i32) (param $earliest f64) (param $latest f64)
    (local $line i32) (local $size i32) (local $p i32) (local $q i32) (local $k i32) (local $field i32)
    (local $left i32) (local $id i32) (local $lines i32) (local $count i32) (local $c i32) (local $negative i32)
    (local $w i64) (local $n i64) (local $m i64)
    (local $value f64) (local $time f64) (local $x v128)

    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $line (i32.load (local.get $last)))
        (br_if $done (i32.eqz (local.get $line)))
        (local.set $field (i32.load offset=8 (local.get $line)))
        (local.set $left (i32.load (local.get $field)))
        (br_if $done (i32.gt_u (i32.add (local.get $count) (local.get $left)) (local.get $room)))

        ;; Measurement, tags and the space behind them: blocks of 16, the last of which may overlap the one before.
        (local.set $size (i32.sub (i32.load offset=4 (local.get $line)) (i32.const 16)))
        (local.set $k (i32.add (local.get $line) (i32.const 16)))
        (local.set $p (local.get $at))
        (local.set $q (i32.add (local.get $at) (local.get $size)))
        (local.set $x
          (v128.xor
            (v128.load (local.get $q))
            (v128.load offset=16 (i32.add (local.get $line) (local.get $size)))))
        (block $compared
          (loop $block
            (br_if $compared (i32.ge_u (local.get $p) (local.get $q)))
            (local.set $x
              (v128.or
                (local.get $x)
                (v128.xor (v128.load (local.get $p)) (v128.load (local.get $k)))))
            (local.set $p (i32.add (local.get $p) (i32.const 16)))
            (local.set $k (i32.add (local.get $k) (i32.const 16)))
            (br $block)))
        (br_if $done (v128.any_true (local.get $x)))
        (local.set $p (i32.add (local.get $q) (i32.const 16)))

        (local.set $id (i32.load offset=12 (local.get $line)))
        (local.set $k (local.get $count))
        (local.set $field (i32.add (local.get $field) (i32.const 16)))
        (loop $fields
          ;; The key with its `=`, and the comma before it: up to 32 bytes.
          (local.set $x
            (v128.and
              (v128.xor (v128.load (local.get $p)) (v128.load offset=16 (local.get $field)))
              (v128.load offset=48 (local.get $field))))
          (local.set $size (i32.load (local.get $field)))
          (if (i32.gt_u (local.get $size) (i32.const 16))
            (then
              (local.set $x
                (v128.or
                  (local.get $x)
                  (v128.and
                    (v128.xor
                      (v128.load offset=16 (local.get $p))
                      (v128.load offset=32 (local.get $field)))
                    (v128.load offset=64 (local.get $field)))))))
          (br_if $done (v128.any_true (local.get $x)))
          (local.set $p (i32.add (local.get $p) (local.get $size)))

          ;; The value: up to 15 digits, exact in a double, so that one division by a power of ten rounds correctly.
          (local.set $negative (i32.eq (i32.load8_u (local.get $p)) (i32.const 45)))
          (local.set $p (i32.add (local.get $p) (local.get $negative)))
          (local.set $w (i64.xor (i64.load (local.get $p)) (i64.const 0x3030303030303030)))
          (local.set $n (call $digits (local.get $w)))
          (br_if $done (i64.eqz (local.get $n)))
          (local.set $value (call $first (local.get $w) (local.get $n)))
          (local.set $p (i32.add (local.get $p) (i32.wrap_i64 (local.get $n))))
          (if (i64.eq (local.get $n) (i64.const 8))
            (then
              (local.set $w (i64.xor (i64.load (local.get $p)) (i64.const 0x3030303030303030)))
              (local.set $m (call $digits (local.get $w)))
              (br_if $done (i64.eq (local.get $m) (i64.const 8)))
              (if (i64.ne (local.get $m) (i64.const 0))
                (then
                  (local.set $value
                    (f64.add
                      (f64.mul (local.get $value) (call $power (local.get $m)))
                      (call $first (local.get $w) (local.get $m))))
                  (local.set $n (i64.add (local.get $n) (local.get $m)))
                  (local.set $p (i32.add (local.get $p) (i32.wrap_i64 (local.get $m))))))))
          (local.set $c (i32.load8_u (local.get $p)))
          (if (i32.eq (local.get $c) (i32.const 105))
            (then (local.set $p (i32.add (local.get $p) (i32.const 1))))
            (else
              (if (i32.eq (local.get $c) (i32.const 46))
                (then
                  (local.set $p (i32.add (local.get $p) (i32.const 1)))
                  (local.set $w (i64.xor (i64.load (local.get $p)) (i64.const 0x3030303030303030)))
                  (local.set $m (call $digits (local.get $w)))
                  (if (i64.ne (local.get $m) (i64.const 0))
                    (then
                      (local.set $value
                        (f64.add
                          (f64.mul (local.get $value) (call $power (local.get $m)))
                          (call $first (local.get $w) (local.get $m))))
                      (local.set $p (i32.add (local.get $p) (i32.wrap_i64 (local.get $m))))
                      (if (i64.eq (local.get $m) (i64.const 8))
                        (then
                          (local.set $w
                            (i64.xor (i64.load (local.get $p)) (i64.const 0x3030303030303030)))
                          (local.set $m (call $digits (local.get $w)))
                          (if (i64.ne (local.get $m) (i64.const 0))
                            (then
                              (local.set $value
                                (f64.add
                                  (f64.mul (local.get $value) (call $power (local.get $m)))
                                  (call $first (local.get $w) (local.get $m))))
                              (local.set $p (i32.add (local.get $p) (i32.wrap_i64 (local.get $m))))))
                          (local.set $m (i64.add (local.get $m) (i64.const 8)))))
                      (br_if $done
                        (i64.gt_u (i64.add (local.get $n) (local.get $m)) (i64.const 15)))
                      (local.set $value (f64.div (local.get $value) (call $power (local.get $m))))))))))
          (f64.store
            (i32.add (local.get $values) (i32.shl (local.get $k) (i32.const 3)))
            (select (f64.neg (local.get $value)) (local.get $value) (local.get $negative)))
          (i32.store
            (i32.add (local.get $series) (i32.shl (local.get $k) (i32.const 2)))
            (local.get $id))
          (local.set $id (i32.add (local.get $id) (i32.const 1)))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (local.set $field (i32.add (local.get $field) (i32.const 80)))
          (br_if $fields (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))

        ;; The time: fifteen digits, then as many as there may be below a millisecond.
        (br_if $done (i32.ne (i32.load8_u (local.get $p)) (i32.const 32)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (local.set $w (i64.xor (i64.load (local.get $p)) (i64.const 0x3030303030303030)))
        (local.set $n (call $digits (local.get $w)))
        (br_if $done (i64.eqz (local.get $n)))
        (local.set $time (call $first (local.get $w) (local.get $n)))
        (if (i64.eq (local.get $n) (i64.const 8))
          (then
            (local.set $w
              (i64.xor (i64.load offset=8 (local.get $p)) (i64.const 0x3030303030303030)))
            (local.set $m (call $digits (local.get $w)))
            (if (i64.ne (local.get $m) (i64.const 0))
              (then
                (local.set $n (i64.add (local.get $m) (i64.const 8)))
                (if (i64.eq (local.get $m) (i64.const 8)) (then (local.set $m (i64.const 7))))
                (local.set $time
                  (f64.add
                    (f64.mul (local.get $time) (call $power (local.get $m)))
                    (call $first (local.get $w) (local.get $m))))))))
        (local.set $p (i32.add (local.get $p) (i32.wrap_i64 (local.get $n))))
        (if (i64.eq (local.get $n) (i64.const 16))
          (then
            (block $counted
              (loop $digit
                (br_if $counted
                  (i32.gt_u
                    (i32.sub (i32.load8_u (local.get $p)) (i32.const 48))
                    (i32.const 9)))
                (br_if $done (i64.eq (local.get $n) (i64.const 24)))
                (local.set $n (i64.add (local.get $n) (i64.const 1)))
                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                (br $digit)))))
        (br_if $done (i32.ne (i32.load8_u (local.get $p)) (i32.const 10)))
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        ;; Digits that are left out of the number.
        (local.set $n
          (select
            (i64.sub (local.get $n) (i64.const 15))
            (i64.const 0)
            (i64.gt_u (local.get $n) (i64.const 15))))
        (br_if $done (i64.gt_s (local.get $n) (i64.extend_i32_s (local.get $below))))
        (local.set $time
          (if (result f64) (i32.eqz (local.get $below))
            (then (f64.mul (local.get $time) (local.get $scale)))
            (else
              (f64.floor
                (f64.div
                  (local.get $time)
                  (call $power (i64.sub (i64.extend_i32_u (local.get $below)) (local.get $n))))))))
        (br_if $done
          (i32.or
            (f64.lt (local.get $time) (local.get $earliest))
            (f64.gt (local.get $time) (local.get $latest))))
        (loop $stamp
          (f64.store
            (i32.add (local.get $times) (i32.shl (local.get $count) (i32.const 3)))
            (local.get $time))
          (br_if $stamp
            (i32.lt_u
              (local.tee $count (i32.add (local.get $count) (i32.const 1)))
              (local.get $k))))
        (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
        (local.set $last (local.get $line))
        (local.set $at (i32.add (local.get $p) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $lines))
    (i32.store (i32.const 8) (local.get $count))
    (i32.store (i32.const 12) (local.get $last))))
