/* Paths of files from a location with one %d in it. */
#include "location.h"

#include <string.h>

gboolean location_is_numbered(const gchar *location)
{
    guint integers = 0;
    for (const gchar *at = strchr(location, '%'); at; at = strchr(at, '%')) {
        at++;
        if (*at == '%') {
            at++;
            continue;
        }
        while (g_ascii_isdigit(*at))
            at++;
        if (*at != 'd' && *at != 'u' && *at != 'i')
            return FALSE;
        integers++;
    }
    return integers == 1;
}

gchar *location_path(const gchar *location, guint64 id)
{
    /* `location_is_numbered` has checked the format. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return g_strdup_printf(location, (gint)id);
#pragma GCC diagnostic pop
}

gchar *location_init_path(const gchar *location, guint64 id)
{
    g_autofree gchar *beside = g_path_get_dirname(location);
    g_autofree gchar *name = g_strdup_printf("init-%06d.mp4", (gint)id);
    return g_build_filename(beside, name, NULL);
}

gchar *location_part_path(const gchar *location, guint64 segment, guint32 index)
{
    g_autofree gchar *whole = location_path(location, segment);
    const gchar *dot = strrchr(whole, '.'), *slash = strrchr(whole, '/');
    gsize stem = dot && (!slash || dot > slash) ? (gsize)(dot - whole) : strlen(whole);
    return g_strdup_printf("%.*s.%u%s", (gint)stem, whole, index, whole + stem);
}
