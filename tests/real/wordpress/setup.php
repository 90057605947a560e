<?php
// Run once, on the command line: the database, and WordPress's own installation in French.
$database = new mysqli('localhost', 'root', '', '', 0, getenv('REAL_SOCKET'));
$database->query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');
$database->close();

define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('REAL_URL'), PHP_URL_HOST) . ':' . parse_url(getenv('REAL_URL'), PHP_URL_PORT);
require getenv('REAL_ROOT') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
load_default_textdomain('fr_FR');
$GLOBALS['wp_locale'] = new WP_Locale();
wp_install('Ville d’Essai-sur-Vilaine', 'redaction', 'redaction@exemple.invalid', true, '', 'loopback', 'fr_FR');
update_option('WPLANG', 'fr_FR');
update_option('timezone_string', 'Europe/Paris');
update_option('date_format', 'j F Y');
update_option('permalink_structure', getenv('REAL_PERMALINKS'));
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $sample) {
    wp_delete_post($sample->ID, true); // « Bonjour tout le monde ! »
}
echo json_encode(['version' => $GLOBALS['wp_version'], 'theme' => get_option('stylesheet')]);
