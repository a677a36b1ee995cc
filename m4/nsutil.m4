dnl SPDX-License-Identifier: GPL-2.0-or-later

dnl NSU_CC_TRY(VARIABLE, FLAG...): append each flag that the compiler takes without a
dnl warning.  -Werror goes along because clang only warns of a flag it does not know.
AC_DEFUN([NSU_CC_TRY], [
  m4_foreach_w([nsu_flag], [$2], [
    AC_MSG_CHECKING([whether $CC takes m4_defn([nsu_flag])])
    nsu_save_CFLAGS=$CFLAGS nsu_result=no
    CFLAGS="$CFLAGS -Werror m4_defn([nsu_flag])"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [nsu_result=yes; $1="$$1 m4_defn([nsu_flag])"])
    CFLAGS=$nsu_save_CFLAGS
    AC_MSG_RESULT([$nsu_result])])])

dnl NSU_LD_TRY(VARIABLE, FLAG...): the same for the linker.
AC_DEFUN([NSU_LD_TRY], [
  m4_foreach_w([nsu_flag], [$2], [
    AC_MSG_CHECKING([whether the linker takes m4_defn([nsu_flag])])
    nsu_save_LDFLAGS=$LDFLAGS nsu_result=no
    LDFLAGS="$LDFLAGS m4_defn([nsu_flag])"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [nsu_result=yes; $1="$$1 m4_defn([nsu_flag])"])
    LDFLAGS=$nsu_save_LDFLAGS
    AC_MSG_RESULT([$nsu_result])])])

dnl NSU_TIME64: a time_t of 64 bits, by _TIME_BITS where the C library has it
dnl (glibc on 32-bit machines); without one the build stops.
AC_DEFUN([NSU_TIME64], [
  AC_REQUIRE([AC_SYS_LARGEFILE])
  AC_CACHE_CHECK([how to have a 64-bit time_t], [nsu_cv_time64], [
    nsu_cv_time64=missing
    for nsu_how in built-in _TIME_BITS=64; do
      nsu_define=
      AS_IF([test "$nsu_how" != built-in], [nsu_define='#define _TIME_BITS 64
#undef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64'])
      AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
$nsu_define
#include <time.h>
_Static_assert(sizeof(time_t) == 8, "time_t");
]])], [nsu_cv_time64=$nsu_how; break])
    done])
  AS_CASE([$nsu_cv_time64],
    [missing], [AC_MSG_ERROR([this C library has no 64-bit time_t])],
    [_TIME_BITS=64], [AC_DEFINE([_TIME_BITS], [64], [Bits in time_t])])])

dnl NSU_DIR(NAME, DEFAULT, HELP): --with-NAME=DIR; the default stays below ${prefix}.
AC_DEFUN([NSU_DIR], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [$3 @<:@$2@:>@])],
    [AS_CASE([$withval], [yes|''], [AC_MSG_ERROR([--with-$1 needs a directory])])
     $1=$withval], [$1='$2'])
  AS_IF([test "$$1" = no], [$1=])
  AC_SUBST([$1])
  AM_CONDITIONAL(m4_translit([[WITH_$1]], [a-z], [A-Z]), [test -n "$$1"])])
